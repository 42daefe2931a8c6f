import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packBundle } from '../../../src/host/bundles/index.ts';
import { ROOT } from '../../source-files.ts';
import { shortDirectory, startHost, writePlugin } from '../admin/support.ts';
import { startTroupe } from '../support.ts';

describe('a stop of troupe run --dev that meets an upload', () => {
  it('lets it go to its end, answers it, and keeps the plugin', async () => {
    const directory = join(shortDirectory(), 'data');
    const host = await startHost(directory, ['--ops', '0', '--dev']);
    const { opsUrl } = JSON.parse(readFileSync(join(directory, 'host.json'), 'utf8')) as { opsUrl: string };
    const token = readFileSync(join(directory, 'ops.token'), 'utf8').trim();
    const upload = fetch(`${opsUrl}/_/plugins/dev/install`, {
      method: 'POST',
      body: await slowPlugin(),
      headers: { authorization: `Bearer ${token}` },
    });

    await host.run.printed('slow  starts');
    const stopped = host.stop();
    const response = await upload;

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ plugin: { name: 'slow' }, action: 'installed' });
    expect(await stopped).toMatchObject({ code: 0 });
    const again = await startHost(directory);
    expect(again.run.output.stdout).toContain('is ready: 1 plugin running');
  }, 60_000);

  it('is cut short by a second signal, which ends the plugin by force', async () => {
    const directory = join(shortDirectory(), 'data');
    const host = await startHost(directory, ['--ops', '0', '--dev']);
    const { opsUrl } = JSON.parse(readFileSync(join(directory, 'host.json'), 'utf8')) as { opsUrl: string };
    const token = readFileSync(join(directory, 'ops.token'), 'utf8').trim();
    const upload = fetch(`${opsUrl}/_/plugins/dev/install`, {
      method: 'POST',
      body: await slowPlugin(100_000),
      headers: { authorization: `Bearer ${token}` },
    });

    await host.run.printed('slow  starts');
    host.run.signal('SIGTERM');
    await host.run.printed('a second signal ends the plugins by force');
    host.run.signal('SIGTERM');

    expect((await upload).status).not.toBe(200);
    expect(await host.run.ended).toMatchObject({ code: 143 });
  }, 60_000);
});

describe('a second signal while somebody follows a log', () => {
  it('ends 1 plugin by force, and it is active again at the next start', async () => {
    const directory = join(shortDirectory(), 'data');
    const host = await startHost(directory);
    await host.plugin('install', writePlugin(), '--activate');
    const tail = startTroupe(['plugin', 'logs', '--follow', '--data', directory]);
    await tail.printed('kv 1.0.0 serves');

    host.run.signal('SIGTERM');
    await host.run.printed('a second signal ends the plugins by force');
    host.run.signal('SIGTERM');
    const { code } = await host.run.ended;
    tail.signal('SIGKILL');
    const again = await startHost(directory);

    // The signal may also come when everything is over.
    expect([143, 0]).toContain(code);
    expect(host.run.output.stdout).not.toContain('is errored');
    expect(again.run.output.stdout).toContain('is ready: 1 plugin running');
  }, 60_000);
});

// Helpers

/** An upload of a plugin that takes its time to start. */
async function slowPlugin(startMs = 1500): Promise<FormData> {
  const directory = shortDirectory();
  const plugin = join(directory, 'slow');
  mkdirSync(plugin);
  const fields = { apiVersion: 'troupe.plugin/v1', name: 'slow', version: '1.0.0', kinds: ['operations'] };
  const manifest = JSON.stringify({ ...fields, run: { node: 'main.mjs' } });
  writeFileSync(join(plugin, 'plugin.json'), manifest);
  writeFileSync(
    join(plugin, 'main.mjs'),
    `import { definePlugin, servePlugin } from ${JSON.stringify(join(ROOT, 'src/sdk/index.ts'))};
await new Promise((resolve) => setTimeout(resolve, ${startMs}));
const get = { description: 'answers what it gets', execute: (input) => ({ input }) };
await servePlugin(definePlugin({ name: 'slow', version: '1.0.0', operations: { get } }));
`,
  );
  const { file } = await packBundle(plugin, { out: join(directory, 'slow.troupe') });
  const form = new FormData();
  form.set('manifest', new File([manifest], 'plugin.json'));
  form.set('bundle', new File([readFileSync(file)], 'plugin.zip'));
  return form;
}
