import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isAlive, waitFor } from '../transport/process/support.ts';
import { interruptDemo } from './demo/interrupt-demo.ts';
import { pidsIn, runTroupe, startTroupe, temporaryDirectory } from './support.ts';
import type { CommandResult } from './support.ts';

const LIMIT_MS = 60_000;
const ONLY = ['demo', '--only', 'lifecycle'];

interface Result {
  readonly lifecycle: { readonly database: string; readonly installed: number; readonly found: number };
  readonly leaks: { readonly processes: number; readonly sockets: number };
}

describe('troupe demo --only lifecycle, twice on 1 directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  const data = join(directory, 'd');
  const temporary = join(directory, 't');
  let first: CommandResult;
  let second: CommandResult;

  beforeAll(async () => {
    mkdirSync(temporary);
    first = await runTroupe([...ONLY, '--data', data, '--json'], { env: { TMPDIR: temporary } });
    second = await runTroupe([...ONLY, '--data', data], { env: { TMPDIR: temporary } });
  }, LIMIT_MS);

  afterAll(() => rmSync(directory, { recursive: true }));

  it('installs 2 plugins into a SQLite store whose path it prints, and leaves nothing behind', () => {
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual({
      lifecycle: { database: join(data, 'troupe.db'), installed: 2, found: 0 },
      leaks: { processes: 0, sockets: 0 },
      durationMs: expect.any(Number),
    });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('finds both plugins the second time, runs them, and installs none', () => {
    expect({ code: second.code, stderr: second.stderr }).toEqual({ code: 0, stderr: '' });
    expect(second.stdout).toContain(`a host keeps its plugins in ${join(data, 'troupe.db')}\n`);
    expect(second.stdout).toMatch(/demo +the store has plugins, which run: (brittle, greeter|greeter, brittle)\n/);
    expect(second.stdout).toContain('plugins   2 found that an earlier demo had installed, 0 installed\n');
    expect(second.stdout).not.toContain('gets installed');
  });

  it('updates and takes back a plugin that is called, and 0 calls fail', () => {
    expect(second.stdout).toMatch(/greeter +1\.1\.0 is active\n[^]*greeter +1\.0\.0 is active\n/);
    expect(second.stdout).toMatch(/update +.*: \d+ calls answered \(\d+ by 1\.0\.0, \d+ by 1\.1\.0\), 0 failed\n/);
  });

  it('shows a quarantine after 5 crashes and a reset', () => {
    expect(second.stdout).toMatch(/brittle +1\.0\.0 is quarantined\n[^]*brittle +1\.0\.0 is active\n/);
    expect(second.stdout).toContain('crashes   5, then quarantine; after a reset it works again\n');
  });

  it('leaves rows of 2 active plugins, and an audit of both demos', () => {
    const database = new DatabaseSync(join(data, 'troupe.db'), { readOnly: true });
    onTestFinished(() => database.close());
    const count = (sql: string): unknown => database.prepare(sql).get()?.['count'];

    expect(count("SELECT count(*) AS count FROM plugins WHERE state = 'active'")).toBe(2);
    expect(count('SELECT count(*) AS count FROM audit')).toBeGreaterThan(24);
    expect(statSync(data).mode & 0o777).toBe(0o700);
  });

  it('is cleared by --reset', async () => {
    const { stdout } = await runTroupe([...ONLY, '--data', data, '--reset', '--json']);

    expect((JSON.parse(stdout) as Result).lifecycle).toMatchObject({ installed: 2, found: 0 });
  });
});

describe('troupe demo --only lifecycle', () => {
  it('finds its plugins after a SIGKILL in the middle of an update', async () => {
    const data = join(temporaryDirectory(), 'd');
    const demo = startTroupe([...ONLY, '--data', data]);
    await demo.printed('updates "greeter"');
    const pids = pidsIn(demo.output.stdout);
    demo.signal('SIGKILL');
    await demo.ended;
    await waitFor('the end of its plugins', () => !pids.some(isAlive), 20_000);

    const { code, stdout } = await runTroupe([...ONLY, '--data', data, '--json']);

    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Result).lifecycle).toMatchObject({ installed: 0, found: 2 });
  }, 90_000);

  it.each([
    ['while plugins start', 'greeter  starts', 'SIGINT', 130],
    ['in the middle of an update', 'updates "greeter"', 'SIGTERM', 143],
    ['among crashes', 'starts again', 'SIGINT', 130],
  ] as const)(
    '%s stops its plugins and ends with its code',
    async (_, moment, signal, code) => {
      const args = [...ONLY.slice(1), '--data', join(temporaryDirectory(), 'd')];
      const { stdout, ...end } = await interruptDemo(args, moment, signal);

      expect(end).toEqual({ code, stderr: '', left: [] });
      expect(stdout).toContain(`was interrupted by ${signal}`);
      expect(stdout).not.toContain('What lasts');
    },
    LIMIT_MS,
  );

  it(
    'keeps its plugins beside the data of a host, whatever TROUPE_DATA says',
    async () => {
      const home = temporaryDirectory();
      const env = { XDG_DATA_HOME: home, TROUPE_DATA: join(home, 'mine') };

      const { stdout } = await runTroupe([...ONLY, '--json'], { env });

      expect((JSON.parse(stdout) as Result).lifecycle.database).toBe(join(home, 'troupe-demo', 'troupe.db'));
      expect(readdirSync(home)).toEqual(['troupe-demo']);
    },
    LIMIT_MS,
  );

  it(
    'takes a directory of its own while another demo has the usual one, and says so',
    async () => {
      const env = { XDG_DATA_HOME: temporaryDirectory(), TMPDIR: temporaryDirectory() };
      const other = startTroupe(ONLY, { env });
      await other.printed('a host keeps its plugins');

      const { code, stdout } = await runTroupe(ONLY, { env });
      await other.ended;

      expect(code).toBe(0);
      expect(stdout).toMatch(/takes a directory for this demo alone, as process \d+ runs on .* already\n/);
      expect(stdout).toContain('again     the directory was for this demo alone, and is removed\n');
      expect(readdirSync(env.TMPDIR)).toEqual([]);
    },
    LIMIT_MS,
  );

  it('refuses a directory that no demo has made, with --reset too, and leaves it as it is', async () => {
    const data = temporaryDirectory();
    writeFileSync(join(data, 'thesis.txt'), 'mine');

    const { code, stderr } = await runTroupe([...ONLY, '--data', data, '--reset']);

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error \[DATA_DIRECTORY_INVALID\]: .* holds what is not of a demo; take an empty directory\n$/,
    );
    expect(readdirSync(data)).toEqual(['thesis.txt']);
    expect(readFileSync(join(data, 'thesis.txt'), 'utf8')).toBe('mine');
  });
});
