import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashTree } from '../../src/transport/process/index.ts';
import { ROOT } from '../source-files.ts';
import { isAlive, waitFor } from '../transport/process/support.ts';
import { pidsIn, runTroupe, startTroupe, temporaryDirectory } from './support.ts';

const PLUGIN = join(ROOT, 'test/cli/fixtures/tiny-plugin.ts');
// One line of each fact: an instant, the plugin, what happened.
const FACT_LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}\S+ {2}\S.*$/;

describe('troupe run', () => {
  it('starts 2 plugins, prints 1 line for each fact, and stops them in order at SIGTERM', async () => {
    const run = startTroupe(['run', configFile([{ name: 'a' }, { name: 'b' }])]);
    await run.printed('runs 2 plugins of troupe.yaml');
    const pids = pidsIn(run.output.stdout);

    run.signal('SIGTERM');
    const { code, stdout, stderr } = await run.ended;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => !FACT_LINE.test(line))).toEqual([]);
    expect(lines.at(-1)).toMatch(/troupe {2}stopped 2 plugins in order$/);
    expect(pids).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('finds a command with a slash, and the working directory, from the directory of the file', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'bin'));
    mkdirSync(join(directory, 'work'));
    const script = join(directory, 'bin', 'tiny');
    const arrived = join(directory, 'work', 'arrived');
    writeFileSync(script, `#!/bin/sh\ntouch arrived\nexec ${process.execPath} --conditions=source ${PLUGIN}\n`);
    chmodSync(script, 0o755);
    const file = join(directory, 'troupe.yaml');
    writeFileSync(file, 'plugins:\n  - { name: tiny, command: ./bin/tiny, cwd: work }\n');

    const run = startTroupe(['run', file]);
    await run.printed('runs 1 plugin of');
    run.signal('SIGINT');

    expect(await run.ended).toMatchObject({ code: 0 });
    expect(existsSync(arrived)).toBe(true);
  });

  it('runs a plugin from the copy of a pinned directory, and refuses one that was changed', async () => {
    const directory = temporaryDirectory();
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    const script = join(bin, 'tiny');
    writeFileSync(
      script,
      `#!/bin/sh\necho "$0" > ${directory}/started\nexec ${process.execPath} --conditions=source ${PLUGIN}\n`,
    );
    chmodSync(script, 0o755);
    const { sha256 } = await hashTree(bin);
    const file = join(directory, 'troupe.yaml');
    const checksum = `{ directory: ./bin, sha256: "${sha256}" }`;
    writeFileSync(
      file,
      `plugins:\n  - { name: tiny, command: ./bin/tiny, checksum: ${checksum}, compileCache: off }\n`,
    );
    const env = { XDG_CACHE_HOME: join(directory, 'caches') };

    const run = startTroupe(['run', file], { env });
    await run.printed('runs 1 plugin of');
    run.signal('SIGTERM');

    expect(await run.ended).toMatchObject({ code: 0 });
    expect(readFileSync(join(directory, 'started'), 'utf8')).toBe(
      `${join(directory, 'caches/troupe/pinned', sha256, 'tiny')}\n`,
    );
    appendFileSync(script, '\n');
    const { code, stderr } = await runTroupe(['run', file], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('error [CHECKSUM_MISMATCH]: ');
    chmodSync(join(directory, 'caches/troupe/pinned', sha256), 0o700);
  });

  it('starts a plugin again that was killed', async () => {
    const run = startTroupe(['run', configFile([{ name: 'a', backoff: { initialMs: 100 } }])]);
    await run.printed('runs 1 plugin');
    const [first = 0] = pidsIn(run.output.stdout);

    process.kill(first, 'SIGKILL');
    await waitFor('the second start', () => pidsIn(run.output.stdout).length === 2, 20_000);
    run.signal('SIGTERM');
    const { code, stdout } = await run.ended;

    expect(code).toBe(0);
    expect(stdout).toMatch(/a {2}failed \[PLUGIN_CRASHED\]: plugin "a" was ended by SIGKILL without being asked to\n/);
    expect(stdout).toMatch(/a {2}is started again in \d+ ms\n/);
    expect(stdout).toMatch(/a {2}starts again \(start 2\)\n/);
  });

  it('stops all when 1 of 2 cannot start, and prints its last words', async () => {
    const file = configFile([{ name: 'good' }, { name: 'bad', env: { TINY_REFUSES: 'no table' } }]);

    const { code, stdout, stderr } = await runTroupe(['run', file]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[PLUGIN_EXITED_EARLY\]: plugin "bad" exited with code 9 before it was ready$/m);
    expect(stderr).toMatch(/\n {2}its last lines on standard error:\n {2}\| {2}tiny: no table\n$/);
    expect(stdout).not.toContain('runs 2 plugins');
    expect(pidsIn(stdout).filter(isAlive)).toEqual([]);
  });

  it('ends with 1 when no plugin is left', async () => {
    const file = configFile([{ name: 'a', restart: 'never', config: { exitAfterMs: 300 } }]);

    const { code, stdout } = await runTroupe(['run', file]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/a {2}failed \[PLUGIN_CRASHED\]: plugin "a" exited with code 4/);
    expect(stdout).toMatch(/troupe {2}no plugin is left\n/);
  });

  it('ends a plugin that hangs by force at the second signal', async () => {
    const stop = { graceMs: 60_000, terminateMs: 60_000 };
    const run = startTroupe(['run', configFile([{ name: 'a', stop, env: { TINY_HANGS: 'yes' } }], 60_000)]);
    await run.printed('runs 1 plugin');
    const pids = pidsIn(run.output.stdout);

    run.signal('SIGTERM');
    await run.printed('got SIGTERM and stops');
    run.signal('SIGINT');

    expect(await run.ended).toMatchObject({ code: 143 });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends with 1 and names the plugin that had to be ended by force', async () => {
    const stop = { graceMs: 60_000, terminateMs: 60_000 };
    const run = startTroupe(['run', configFile([{ name: 'a', stop, env: { TINY_HANGS: 'yes' } }], 200)]);
    await run.printed('runs 1 plugin');

    run.signal('SIGTERM');
    const { code, stdout } = await run.ended;

    expect(code).toBe(1);
    expect(stdout).toMatch(/stopped 0 plugins in order, 1 plugin by force: a\n$/);
  });

  it('ends with 0 at a signal that comes while plugins start', async () => {
    const run = startTroupe(['run', configFile([{ name: 'a' }, { name: 'b' }])]);
    await run.printed(/a {2}starts\n/);

    run.signal('SIGINT');
    const { code, stdout, stderr } = await run.ended;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('runs 2 plugins');
    expect(pidsIn(stdout).filter(isAlive)).toEqual([]);
  });

  it('starts nothing with --check', async () => {
    const { code, stdout } = await runTroupe(['run', '--check', configFile([{ name: 'a' }, { name: 'b' }])]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/troupe\.yaml is valid: 2 plugins \(a, b\)\n$/);
  });

  it('prints all problems of a file at once, each with its position', async () => {
    const file = join(temporaryDirectory(), 'troupe.yaml');
    writeFileSync(file, 'plugins:\n  - name: a\n    comand: x\nlog:\n  level: loud\n');

    const { code, stdout, stderr } = await runTroupe(['run', '--check', file]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const [first = '', ...lines] = stderr.trimEnd().split('\n');
    expect(first).toBe(`error [CONFIG_INVALID]: ${file} has 3 problems`);
    expect(lines.map((line) => line.trim().split(' ', 1)[0])).toEqual([
      'troupe.yaml:2:5',
      'troupe.yaml:3:5',
      'troupe.yaml:5:3',
    ]);
  });
});

// Helpers

/** Writes a file whose plugins are the tiny one, with these differences. JSON is YAML too. */
function configFile(plugins: readonly Readonly<Record<string, unknown>>[], stopDeadlineMs = 10_000): string {
  const file = join(temporaryDirectory(), 'troupe.yaml');
  const command = { command: process.execPath, args: ['--conditions=source', PLUGIN] };
  const config = {
    plugins: plugins.map((plugin) => ({ ...command, ...plugin })),
    log: { level: 'error' },
    stopDeadlineMs,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
