import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../transport/process/support.ts';
import { runTroupe, startTroupe, temporaryDirectory } from '../support.ts';
import type { RunningCommand } from '../support.ts';
import { startDevHost } from './dev-host.ts';
import type { DevHost } from './dev-host.ts';

const LIMIT_MS = 60_000;

describe('troupe plugin dev', () => {
  it(
    'takes a plugin from init to serving, and each edit after it, until a signal ends it with 0',
    async () => {
      const host = await startDevHost();
      const directory = await newPlugin();
      const dev = startDev(host, directory);

      await dev.printed('installed');
      const before = await host.call('kv', 'greet', { name: 'ann' });
      edit(directory, 'plugin.ts', 'hello, ', 'good day, ');
      await dev.printed('reloaded');
      const after = await host.call('kv', 'greet', { name: 'ann' });
      dev.signal('SIGTERM');

      expect([before, after]).toEqual([{ text: 'hello, ann' }, { text: 'good day, ann' }]);
      expect((await dev.ended).code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'keeps the old version serving while the new one does not start, and recovers with the next edit',
    async () => {
      const host = await startDevHost();
      const directory = await newPlugin();
      const dev = startDev(host, directory);

      await dev.printed('installed');
      edit(directory, 'plugin.ts', 'await servePlugin(plugin);', 'throw new Error("broken");');
      await waitFor('the failure', () => dev.output.stderr.includes('error ['), 30_000);
      const meanwhile = await host.call('kv', 'greet', { name: 'ann' });
      edit(directory, 'plugin.ts', 'throw new Error("broken");', 'await servePlugin(plugin); // again');
      await dev.printed('reloaded');

      expect(meanwhile).toEqual({ text: 'hello, ann' });
      expect(await host.call('kv', 'greet')).toEqual({ text: 'hello, world' });
    },
    LIMIT_MS,
  );

  it(
    'shows = for permissions on the first build, then + and -, and waits for consent to a sensitive one',
    async () => {
      const host = await startDevHost();
      const directory = await newPlugin();
      const dev = startDev(host, directory);

      await dev.printed('installed');
      edit(directory, 'plugin.yaml', 'events:\n', 'permissions:\n  net: [example.org]\nevents:\n');
      await waitFor('the wait', () => dev.output.stderr.includes('waits for consent to net:example.org'), 30_000);
      const granted = (await host.lifecycle.get('kv')).row.permissions;
      edit(directory, 'plugin.yaml', 'permissions:\n  net: [example.org]\n', '# none\n');
      edit(directory, 'plugin.yaml', 'emit: [greeting.said]', 'emit: []');
      await dev.printed('reloaded');

      expect(granted).toEqual(['events.emit:greeting.said', 'events.subscribe:greeting.wanted']);
      expect(dev.output.stdout).toContain('= events.emit:greeting.said');
      expect(dev.output.stdout).toContain('+ net:example.org');
      expect(dev.output.stdout).toContain('- events.emit:greeting.said');
    },
    LIMIT_MS,
  );

  it(
    'ends with 1 when the first build or upload fails, and says why',
    async () => {
      const host = await startDevHost();
      const [good, bad] = [await newPlugin(), await newPlugin()];
      edit(bad, 'plugin.yaml', 'kinds: [operations, events]', 'kinds: [wishes]');

      const wrongToken = await startDev({ ...host, token: 'no' }, good).ended;
      const badManifest = await startDev(host, bad).ended;
      const nobody = await startDev({ ...host, url: 'http://127.0.0.1:1' }, good).ended;

      expect([wrongToken.code, badManifest.code, nobody.code]).toEqual([1, 1, 1]);
      expect(wrongToken.stderr).toContain('answered 401');
      expect(badManifest.stderr).toContain('plugin.yaml:5');
      expect(nobody.stderr).toContain('no host answers at http://127.0.0.1:1');
    },
    LIMIT_MS,
  );

  it.each([
    [['plugin', 'dev'], "missing required argument 'dir'"],
    [['plugin', 'dev', '.', 'extra'], 'too many arguments'],
    [['plugin', 'dev', 'package.json'], 'not a directory'],
    [['plugin', 'dev', '.', '--lang', 'cobol'], 'allowed choices are'],
    [['plugin', 'dev', '.', '--host', 'localhost:8080'], 'must begin with http:// or https://'],
    [['plugin', 'dev', '.', '--host', '/relative'], 'must be an absolute address'],
    [['plugin', 'dev', '.', '--logs', '--no-watch'], '--logs needs --watch'],
  ])('ends %j with 2', async (args, text) => {
    const { code, stderr } = await runTroupe(args);

    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it('prints its help and ends with 0', async () => {
    const { code, stdout } = await runTroupe(['plugin', 'dev', '--help']);

    expect([code, stdout.includes('--build-only')]).toEqual([0, true]);
  });

  it('builds once and uploads nothing with --build-only', async () => {
    const { code, stdout } = await runTroupe(['plugin', 'dev', await newPlugin(), '--build-only']);

    expect([code, stdout.includes('built kv'), stdout.includes('watches')]).toEqual([0, true, false]);
  });

  it(
    'uploads once with --no-watch, and ends with 0',
    async () => {
      const host = await startDevHost();
      const { code, stdout } = await startDev(host, await newPlugin(), ['--no-watch']).ended;

      expect([code, stdout.includes('installed kv 0.1.0'), stdout.includes('watches')]).toEqual([0, true, false]);
      expect((await host.lifecycle.get('kv')).row.state).toBe('active');
    },
    LIMIT_MS,
  );
});

// Helpers

async function newPlugin(): Promise<string> {
  const directory = join(temporaryDirectory(), 'kv');
  await runTroupe(['plugin', 'init', directory]);
  return directory;
}

function startDev(
  host: Pick<DevHost, 'url' | 'token'>,
  directory: string,
  args: readonly string[] = [],
): RunningCommand {
  const command = startTroupe(['plugin', 'dev', directory, '--host', host.url, '--token', host.token, ...args]);
  onTestFinished(async () => {
    command.signal('SIGTERM');
    await command.ended;
  });
  return command;
}

function edit(directory: string, file: string, before: string, after: string): void {
  const path = join(directory, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(before)) throw new Error(`${file} has no ${JSON.stringify(before)}`);
  writeFileSync(path, text.replace(before, after));
}
