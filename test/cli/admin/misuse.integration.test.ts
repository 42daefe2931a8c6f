// Every command that talks to a host: with a command line that cannot be understood, and with no host.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHere, shortDirectory, writePlugin } from './support.ts';

const MISUSES: readonly (readonly [readonly string[], string])[] = [
  [['ls', 'kv'], "too many arguments for 'ls'"],
  [['ls', '--jsn'], "unknown option '--jsn' (did you mean --json?)"],
  [['show'], "missing required argument 'plugin'"],
  [['show', '../kv'], 'it must be 1 to 128 letters, digits, ".", "_" or "-"'],
  [['install'], "missing required argument 'source'"],
  [['install', 'a', 'b'], "too many arguments for 'install'"],
  [['activate'], "missing required argument 'plugin'"],
  [['activate', 'a', 'b'], "too many arguments for 'activate'"],
  [['deactivate', 'kv', '--dependents', 'maybe'], 'it must be one of refuse, cascade, ignore'],
  [['update', 'kv'], "missing required argument 'source'"],
  [['rollback', 'kv', '--to'], "option '--to <version>' argument missing"],
  [['rollback', 'kv', '--version', '1.0.0'], "unknown option '--version'"],
  [['consent'], "missing required argument 'plugin'"],
  [['reset', ''], 'it must be 1 to 128 letters'],
  [['quarantine', 'kv'], "required option '--reason <text>' not specified"],
  [['uninstall', '..'], 'it must be 1 to 128 letters'],
  [['uninstall', 'kv'], 'uninstall asks before it removes; say --yes where nobody can answer'],
  [['logs', 'kv', '--lines', '0'], 'it must be a whole number from 1 to 10000'],
  [['logs', 'kv', '--lines', 'many'], 'it must be a whole number from 1 to 10000'],
  [['logs', 'kv', '--level', 'loud'], 'it must be one of trace, debug, info, warn, error'],
  [['log-level', 'loud'], 'it must be one of trace, debug, info, warn, error, default'],
  [['audit'], "missing required argument 'plugin'"],
  [['audit', 'kv', '--limit', '1001'], 'it must be a whole number from 1 to 1000'],
  [['audit', 'verify', 'a', 'b'], "too many arguments for 'verify'"],
  [['contracts', 'a', 'b'], "too many arguments for 'contracts'"],
  [['reload', 'now'], "too many arguments for 'reload'"],
  [['doctor', 'now'], "too many arguments for 'doctor'"],
  [['instal', 'x'], "unknown command 'instal' (did you mean install?)\ntry: troupe plugin --help"],
  // A variable of a script that is not set is no wish to work on another host.
  [['uninstall', 'kv', '--yes', '--data', ''], "option '--data <dir>' argument '' is invalid: it must not be empty"],
  [['install', ''], "is invalid for argument 'source': it must not be empty"],
];

describe('a command line that cannot be understood', () => {
  it.each(MISUSES)('ends with 2 and says why: %j', async (args, problem) => {
    const { code, stdout, stderr } = await runHere(['plugin', ...args], { TROUPE_DATA: '/nonexistent' });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('error [INVALID_OPTIONS]: ');
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/\ntry: troupe .*--help\n$/);
  });
});

const COMMANDS: readonly (readonly string[])[] = [
  ['plugin', 'ls'],
  ['plugin', 'show', 'kv'],
  ['plugin', 'activate', 'kv'],
  ['plugin', 'deactivate', 'kv'],
  ['plugin', 'rollback', 'kv'],
  ['plugin', 'consent', 'kv'],
  ['plugin', 'reset', 'kv'],
  ['plugin', 'quarantine', 'kv', '--reason', 'x'],
  ['plugin', 'uninstall', 'kv', '--yes'],
  ['plugin', 'logs'],
  ['plugin', 'logs', 'kv', '--follow'],
  ['plugin', 'log-level', 'debug'],
  ['plugin', 'audit', 'kv'],
  ['plugin', 'audit', 'verify'],
  ['audit', 'verify'],
  ['plugin', 'contracts'],
  ['plugin', 'reload'],
];

describe('a directory on which no host runs', () => {
  it.each(COMMANDS)('ends %s %s with 1 and says how to start one', async (...args) => {
    const directory = join(shortDirectory(), 'none');

    for (const flags of [[], ['--json']]) {
      expect(await runHere([...args, '--data', directory, ...flags])).toEqual({
        code: 1,
        stdout: '',
        stderr: `error [HOST_NOT_RUNNING]: no host runs on ${directory}; start one with: troupe run --data ${directory}\n`,
      });
    }
  });

  it.each([['install'], ['update', 'kv']])('ends %s %s with 1 after a look at its source', async (...args) => {
    const [source, directory] = [writePlugin(), shortDirectory()];
    const run = (from: string) => runHere(['plugin', ...args, from, '--data', directory]);

    expect(await run(source)).toMatchObject({ code: 1, stderr: expect.stringContaining('[HOST_NOT_RUNNING]') });
    expect(await run('./no-such-place')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[BUNDLE_NOT_FOUND]'),
    });
  });

  it('lets doctor look at what there is, and ends it with 0', async () => {
    const { code, stdout } = await runHere(['plugin', 'doctor', '--data', shortDirectory(), '--json']);

    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(code).toBe(0);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'directory', 'secrets', 'socket path', 'disk', 'tools', 'host', 'leases']),
    );
    expect(checks.find(({ name }) => name === 'host')?.status).toBe('warning');
  });
});
