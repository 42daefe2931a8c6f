import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHost } from '../admin/support.ts';
import { runTroupe, temporaryDirectory } from '../support.ts';

const LIMIT_MS = 120_000;

describe('troupe run --data --dev and troupe plugin dev', () => {
  it(
    'bring a plugin from init to the list of the host, by its token only (G-24, G-31, G-38)',
    async () => {
      const host = await startHost(undefined, ['--ops', '0', '--dev']);
      const url = /listens on ([^\s;,]+)/.exec(host.run.output.stdout)?.[1] ?? '';
      const token = readFileSync(join(host.directory, 'ops.token'), 'utf8').trim();
      const directory = join(temporaryDirectory(), 'kv');
      await runTroupe(['plugin', 'init', directory]);
      const dev = (...flags: readonly string[]): ReturnType<typeof runTroupe> =>
        runTroupe(['plugin', 'dev', directory, '--host', url, '--no-watch', ...flags]);

      const refused = await dev('--token', 'no');
      const taken = await dev('--token', token);
      const { plugins } = await host.json('ls');
      const logs = await host.plugin('logs', 'kv');

      expect([refused.code, taken.code, taken.stderr]).toEqual([1, 0, '']);
      expect(refused.stderr).toContain('answered 401');
      expect(taken.stdout).toContain('installed kv 0.1.0');
      expect(plugins).toMatchObject([{ name: 'kv', state: 'active', process: { state: 'ready' } }]);
      expect(logs.code).toBe(0);
    },
    LIMIT_MS,
  );
});
