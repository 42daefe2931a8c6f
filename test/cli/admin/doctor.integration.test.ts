import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/cli/admin/doctor/check.ts';
import { diagnose } from '../../../src/cli/admin/doctor/diagnose.ts';
import { openSqliteStore } from '../../../src/stores/index.ts';
import { shortDirectory } from './support.ts';

const NOW = Date.now();

describe('diagnose without a host', () => {
  it('says of settings that cannot be used all that is wrong with them', async () => {
    const directory = shortDirectory();
    writeFileSync(join(directory, 'host.yaml'), 'log: { level: loud }\nport: 1\n');

    expect(await checked(directory, 'settings')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('host.yaml has 2 problems'),
      details: [expect.stringMatching(/^host\.yaml:1:/), expect.stringMatching(/^host\.yaml:2:1 {2}port is not known/)],
    });
  });

  it('takes settings that are not there for no problem', async () => {
    expect((await checked(shortDirectory(), 'settings'))?.status).toBe('ok');
  });

  it('does not take the leases of a host that was killed for those of one that runs', async () => {
    const directory = shortDirectory();
    const store = await openSqliteStore({ path: join(directory, 'troupe.db') });
    await store.acquire('plugin/kv', 'h1', 600_000);
    await store.close();
    const said = { pid: process.pid, hostId: 'h1', startedAt: NOW, adminSocket: join(directory, 'admin.sock') };
    writeFileSync(join(directory, 'host.json'), JSON.stringify(said));

    expect(await checked(directory, 'leases')).toMatchObject({
      status: 'warning',
      message: '1 lease held, 1 of them by another host or by one that is gone',
    });
  });

  it('says whether a host could open the database: whole, of a newer package, damaged', async () => {
    const directory = shortDirectory();
    const path = join(directory, 'troupe.db');
    await openSqliteStore({ path }).then((store) => store.close());

    expect(await checked(directory, 'store')).toMatchObject({ status: 'ok', message: 'the database is whole' });

    const database = new DatabaseSync(path);
    database.exec('insert into schema_migrations (version, applied_at) values (2, 0)');
    database.close();
    expect(await checked(directory, 'store')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/has version 2 of a newer package, this one knows versions up to 1$/),
    });

    truncateSync(path, 8_192);
    expect(await checked(directory, 'store')).toMatchObject({ status: 'failed' });
  });

  it('names the directory in the command that starts a host', async () => {
    const directory = shortDirectory();

    expect((await checked(directory, 'host'))?.message).toBe(
      `no host runs here; start one with: troupe run --data ${directory}`,
    );
  });
});

// Helpers

async function checked(directory: string, name: string): Promise<Check | undefined> {
  return (await diagnose(directory)).find((check) => check.name === name);
}
