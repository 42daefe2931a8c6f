// The way of an author and of an operator through the commands, in a real terminal: nothing but a data directory is named.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithPeer } from '../../peers/peers.ts';
import { ROOT } from '../../source-files.ts';
import { isAlive, waitFor } from '../../transport/process/support.ts';
import { shortDirectory, startHost } from '../admin/support.ts';
import { openTerminal } from '../dev/tmux.ts';
import type { Terminal } from '../dev/tmux.ts';
import { pidsIn } from '../support.ts';

const LIMIT_MS = 240_000;
const TROUPE = `${process.execPath} --conditions=source ${join(ROOT, 'src/cli/main.ts')}`;

describeWithPeer('tmux', 'troupe run --data with --ops 0 and --dev, and somebody at a terminal', () => {
  it(
    'takes a plugin from init over dev, an edit, an update and a rollback to its uninstall',
    async () => {
      const directory = shortDirectory();
      const data = join(directory, 'data');
      await startHost(data, ['--ops', '0', '--dev']);
      const terminal = openTerminal(directory);
      const run = runnerIn(terminal);
      const kv = (file: string): string => join(directory, 'kv', file);
      const edit = (file: string, from: string, to: string): void =>
        writeFileSync(kv(file), readFileSync(kv(file), 'utf8').replace(from, to));

      await run('plugin init kv', 0);
      terminal.type(`troupe plugin dev kv --data ${data}; echo dev=$?`);
      await terminal.shows('installed kv 0.1.0');
      await terminal.shows('watches for changes; Ctrl+C stops');
      edit('plugin.ts', 'hello, ', 'good day, ');
      await terminal.shows('reloaded kv 0.1.0');
      terminal.press('C-c');
      await terminal.shows('dev=0');

      expect(await run(`plugin ls --data ${data}`, 0)).toMatch(/^kv +0\.1\.0 +active +ready \d+/m);
      expect(await run(`plugin audit kv --data ${data}`, 0)).toContain('plugin.installed');

      edit('plugin.yaml', 'version: 0.1.0', 'version: 0.2.0\npermissions: { net: [example.org] }');
      const waiting = await run(`plugin update kv kv --data ${data}`, 0);
      expect(waiting).toMatch(
        /^kv 0\.1\.0 is active, .*; consent to net:example\.org is wanted: troupe plugin consent kv$/m,
      );
      const consented = await run(`plugin consent kv --yes --data ${data}`, 0);
      expect(consented).toMatch(/^kv 0\.2\.0 is active, process \d+$/m);
      expect(await run(`plugin rollback kv --data ${data}`, 0)).toMatch(/^kv 0\.1\.0 is active, process \d+$/m);
      expect(await run(`plugin doctor --data ${data}`, 0)).toContain(' 0 failed');
      expect(await run(`plugin deactivate kv --data ${data}`, 0)).toContain('kv 0.1.0 is inactive');
      expect(await run(`plugin uninstall kv --yes --data ${data}`, 0)).toContain('kv is uninstalled');
      expect(await run(`audit verify --data ${data}`, 0)).toContain('the audit is whole');
      expect(await run(`plugin audit kv --data ${data}`, 0)).toContain('plugin.uninstalled');
    },
    LIMIT_MS,
  );

  it(
    'runs the active plugins again after the host was killed, and is found by the loop at its new address',
    async () => {
      const directory = shortDirectory();
      const data = join(directory, 'data');
      const first = await startHost(data, ['--ops', '0', '--dev']);
      const terminal = openTerminal(directory);
      const run = runnerIn(terminal);
      await run('plugin init kv', 0);
      expect(await run(`plugin dev kv --no-watch --data ${data}`, 0)).toContain('installed kv 0.1.0');
      const [pid = 0] = pidsIn(first.run.output.stdout);

      await first.stop('SIGKILL');
      await waitFor('the end of the plugin', () => !isAlive(pid), 20_000);
      const meanwhile = await run(`plugin dev kv --no-watch --data ${data}`, 1);
      const second = await startHost(data, ['--ops', '0', '--dev']);
      const listed = await run(`plugin ls --data ${data}`, 0);
      writeFileSync(
        join(directory, 'kv/plugin.ts'),
        `// again\n${readFileSync(join(directory, 'kv/plugin.ts'), 'utf8')}`,
      );
      const again = await run(`plugin dev kv --no-watch --data ${data}`, 0);

      expect(meanwhile).toContain(`[HOST_NOT_RUNNING]: no host runs on ${data}; start one with: troupe run --data`);
      expect(second.run.output.stdout).toContain('is ready: 1 plugin running');
      expect(listed).toMatch(/^kv +0\.1\.0 +active +ready \d+/m);
      expect(again).toContain('reloaded kv 0.1.0');
    },
    LIMIT_MS,
  );
});

// Helpers

/** Types `troupe` commands, one after the other. Each answers what was printed, and must have ended with the code. */
function runnerIn(terminal: Terminal): (args: string, code: number) => Promise<string> {
  let count = 0;
  terminal.type(`alias troupe='${TROUPE}'`);
  return async (args, code) => {
    count += 1;
    terminal.type(`troupe ${args}; echo end-${count}=$?`);
    const end = new RegExp(`^end-${count}=(\\d+)$`, 'm');
    await waitFor(`the end of ${args}`, () => end.test(terminal.screen()), 60_000);
    const screen = terminal.screen();
    const output = screen.slice(screen.indexOf(`echo end-${count}=$?`), screen.search(end));
    expect(`${end.exec(screen)?.[1]}: ${output}`).toMatch(new RegExp(`^${code}: `));
    return output;
  };
}
