// The commands against a real host, as people use them.

import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../transport/process/support.ts';
import { runTroupe, startTroupe } from '../support.ts';
import { openHost, runHere, shortDirectory, startHost, writePlugin } from './support.ts';
import type { TestHostProcess } from './support.ts';

describe('a plugin from its install to its end', () => {
  it('is installed, activated, updated, rolled back, deactivated and uninstalled, and all of it is in the audit', async () => {
    const host = await startHost();
    const [first, second] = [writePlugin(), writePlugin({ version: '1.1.0' })];

    const installed = await host.plugin('install', first);
    const activated = await host.plugin('activate', 'kv');
    const listed = await host.plugin('ls');
    const updated = await host.plugin('update', 'kv', second);
    const back = await host.plugin('rollback', 'kv');
    const deactivated = await host.plugin('deactivate', 'kv');
    const asked = await host.plugin('uninstall', 'kv');
    const uninstalled = await host.plugin('uninstall', 'kv', '--yes', '--remove-data');

    expect(installed).toMatchObject({ code: 0, stdout: 'kv 1.0.0 is installed\n' });
    expect(installed.stderr).toMatch(/verifying…\n/);
    expect(activated.stdout).toMatch(/^kv 1\.0\.0 is active, process \d+\n$/);
    expect(masked(listed.stdout)).toBe(
      'plugin  version  state   process    restarts  note\nkv      1.0.0    active  ready PID         0\n',
    );
    expect(updated.stdout).toMatch(/^kv 1\.1\.0 is active, process \d+\n$/);
    expect(back.stdout).toMatch(/^kv 1\.0\.0 is active, process \d+\n$/);
    expect(deactivated).toMatchObject({ code: 0, stdout: 'kv 1.0.0 is inactive\n' });
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toContain('say --yes where nobody can answer');
    expect(uninstalled).toMatchObject({ code: 0, stdout: 'kv is uninstalled\n' });
    expect(await host.plugin('ls')).toMatchObject({
      stdout: 'no plugin is installed; troupe plugin install adds one\n',
    });
    const { entries } = (await host.json('audit', 'kv')) as { entries: { event: string; principal: string }[] };
    expect(entries.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['plugin.installed', 'plugin.activated', 'plugin.deactivated', 'plugin.uninstalled']),
    );
    expect(
      entries.filter(({ principal }) => !principal.startsWith('user:') && !principal.startsWith('system:')),
    ).toEqual([]);
    expect(entries[0]?.principal).toMatch(/^user:\S+$/);
  }, 120_000);

  it('runs again after the host was killed, and its log goes on', async () => {
    const host = await startHost();
    await host.plugin('install', writePlugin(), '--activate');
    await host.stop('SIGKILL');

    const alone = await host.plugin('ls');
    const again = await startHost(host.directory);
    const { plugins } = (await again.json('ls')) as { plugins: { state: string; process: { state: string } }[] };
    const logs = await again.plugin('logs', 'kv');

    expect(alone).toMatchObject({ code: 1, stdout: '' });
    expect(alone.stderr).toBe(
      `error [HOST_NOT_RUNNING]: no host runs on ${host.directory}; start one with: troupe run --data ${host.directory}\n`,
    );
    expect(plugins).toMatchObject([{ state: 'active', process: { state: 'ready' } }]);
    expect(logs.stdout.match(/kv 1\.0\.0 serves/g)).toHaveLength(2);
  }, 60_000);
});

describe('consent on the command line', () => {
  it('is shown before it is given, is bound to what was shown, and the lock file follows', async () => {
    const host = await startHost();
    const lock = (): unknown => JSON.parse(readFileSync(join(host.directory, 'troupe.lock.json'), 'utf8'));
    const source = writePlugin({ manifest: { permissions: { net: ['example.org'] } } });
    await host.plugin('install', source);
    await waitFor('the lock file', () => existsSync(join(host.directory, 'troupe.lock.json')), 20_000);

    const unseen = await host.plugin('consent', 'kv');
    const seen = await host.plugin('consent', 'kv', '--yes');
    const nothing = await host.plugin('consent', 'kv', '--yes');

    expect(unseen).toMatchObject({ code: 2, stdout: '' });
    expect(unseen.stderr).toContain('consent asks before it grants');
    expect(seen).toMatchObject({ code: 0, stdout: 'kv 1.0.0 is installed\n' });
    expect(seen.stderr).toMatch(/^consents to net:example\.org of kv 1\.0\.0 \([0-9a-f]{12}\)\n/);
    expect(nothing.stderr).toContain('CONSENT_UNKNOWN');
    expect(lock()).toMatchObject({
      format: 'troupe.lock/v1',
      plugins: { kv: { version: '1.0.0', signer: null, source: `directory:${source}` } },
    });
    await host.plugin('logs', 'kv');
    await host.plugin('uninstall', 'kv', '--yes', '--remove-data');
    await waitFor('the lock file', () => JSON.stringify(lock()).includes('"plugins":{}'), 20_000);
  }, 60_000);
});

describe('troupe run --data', () => {
  it('keeps everything from others, and leaves no socket and no lock when it is stopped', async () => {
    const host = await startHost(undefined, ['--ops', '0']);
    await host.plugin('install', writePlugin(), '--activate');

    const modes = modesIn(host.directory);
    const { code } = await host.stop();

    expect(modes['.']).toBe('700');
    expect(Object.entries(modes).filter(([, mode]) => !/^[0-7]00$/.test(mode))).toEqual([]);
    expect(modes).toMatchObject({
      'admin.sock': '600',
      'audit.key': '600',
      'ops.token': '600',
      'troupe.db': '600',
      logs: '700',
    });
    expect(code).toBe(0);
    expect(readdirSync(host.directory)).not.toContain('admin.sock');
    expect(readdirSync(host.directory)).not.toContain('host.json');
  }, 60_000);

  it('reads its configuration again at SIGHUP and by the command, and says what holds later', async () => {
    const directory = shortDirectory();
    const config = join(directory, 'host.yaml');
    writeFileSync(config, 'log: { level: warn }\n');
    const host = await startHost(directory);

    writeFileSync(config, 'log: { level: debug, keep: 2 }\nplugins: { kv: { table: x } }\n');
    host.run.signal('SIGHUP');
    await host.run.printed('has read its configuration: log.level');
    writeFileSync(config, 'log: { level: debug, levels: { kv: error }, keep: 2 }\n');
    const reloaded = await host.json('reload');
    writeFileSync(config, 'log: { level: loud }\n');
    const broken = await host.plugin('reload');

    expect(host.run.output.stdout).toContain('log.keep holds after the next start of the host');
    expect(reloaded).toEqual({
      applied: ['log.levels.kv'],
      pending: [
        { setting: 'plugins.kv', when: 'from the next start of the plugin on' },
        { setting: 'log.keep', when: 'after the next start of the host' },
      ],
    });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(
      /^error \[RELOAD_FAILED\]: \[CONFIG_INVALID\] .*host\.yaml has 1 problem\n {2}host\.yaml:1:/,
    );
    expect((await host.plugin('log-level', 'default', 'kv')).stdout).toBe('all others: debug\n');
  }, 60_000);

  it('gives a plugin its configuration, the new one from its next start on', async () => {
    const directory = shortDirectory();
    const config = join(directory, 'host.yaml');
    writeFileSync(config, 'plugins: { kv: { table: first } }\n');
    const host = await startHost(directory);
    const manifest = { config: { table: { type: 'string' } } };
    await host.plugin('install', writePlugin({ manifest }), '--activate');

    writeFileSync(config, 'plugins: { kv: { table: 7 } }\n');
    await host.plugin('reload');
    await host.plugin('deactivate', 'kv');
    const refused = await host.plugin('activate', 'kv');

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('PLUGIN_CONFIG_INVALID');
  }, 60_000);

  it.each([
    [['run'], "missing required argument 'file', or option '--data <dir>'"],
    [['run', 'a.yaml', '--data', 'd'], "argument 'file' and option '--data <dir>' cannot be used together"],
    [['run', 'a.yaml', '--ops', '1'], "option '--ops' needs option '--data <dir>'"],
    [['run', '--data', 'd', '--check'], "option '--check' is for files"],
    [['run', '.'], "'.' is a directory; did you mean --data .?"],
    [['run', '--data', 'd', '--ops', '70000'], 'it must be a whole number from 0 to 65535'],
  ])('ends with 2 for %j', async (args, problem) => {
    const { code, stderr } = await runHere(args);

    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });

  it('refuses a configuration that cannot be used, with all problems, and lets go of the directory', async () => {
    const directory = shortDirectory();
    writeFileSync(join(directory, 'host.yaml'), 'logs: {}\nops: { port: -1 }\n');

    const { code, stderr } = await runTroupe(['run', '--data', directory]);

    expect(code).toBe(1);
    expect(stderr).toContain('has 2 problems');
    rmSync(join(directory, 'host.yaml'));
    await startHost(directory);
  });

  it('refuses --dev without a listener, and a directory with files of somebody else', async () => {
    const directory = shortDirectory();
    const dev = await runTroupe(['run', '--data', join(directory, 'a'), '--dev']);
    writeFileSync(join(directory, 'thesis.txt'), '');
    chmodSync(directory, 0o755);

    const foreign = await runTroupe(['run', '--data', directory]);

    expect(dev).toMatchObject({ code: 1, stderr: expect.stringContaining('--dev needs --ops PORT') });
    expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining('[DATA_DIRECTORY_INVALID]') });
  });
});

describe('troupe plugin', () => {
  it('follows a log over a restart of the host, shows each line once, and ends with 0 at Ctrl+C', async () => {
    const host = await startHost();
    await host.plugin('install', writePlugin(), '--activate');
    const tail = startTroupe(['plugin', 'logs', 'kv', '--follow', '--json', '--data', host.directory]);
    await tail.printed('kv 1.0.0 serves');

    await host.stop();
    await waitFor('a word about the host', () => tail.output.stderr.includes('the host is gone'), 10_000);
    await startHost(host.directory);
    await waitFor('the second line', () => tail.output.stdout.split('kv 1.0.0 serves').length === 3, 20_000);
    tail.signal('SIGINT');
    const { code, stdout } = await tail.ended;

    expect(code).toBe(0);
    const cursors = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { cursor: number }).cursor);
    expect(cursors).toEqual([...new Set(cursors)].sort((a, b) => a - b));
  }, 90_000);
});

describe('a host with 1 plugin', () => {
  let host: TestHostProcess;
  let root: string;

  beforeAll(async () => {
    root = mkdtempSync('/tmp/tc-');
    host = await openHost(join(root, 'data'), ['--ops', '0']);
    await host.plugin('install', writePlugin({ below: root }), '--activate');
  });

  afterAll(async () => {
    await host.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('tells a second host which process runs on the directory, and ends with 1', async () => {
    const { code, stderr } = await runTroupe(['run', '--data', host.directory]);

    expect(code).toBe(1);
    expect(stderr).toBe(`error [HOST_RUNNING]: process ${host.run.pid} runs on ${host.directory} already\n`);
  });

  it('serves probes and metrics, the latter with its token only', async () => {
    const url = /listens on (\S+);/.exec(host.run.output.stdout)?.[1] ?? '';
    const token = readFileSync(join(host.directory, 'ops.token'), 'utf8').trim();

    const [healthy, ready, denied] = await Promise.all(
      ['/healthz', '/readyz', '/metrics'].map(async (path) => (await fetch(`${url}${path}`)).status),
    );
    const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();

    expect([healthy, ready, denied]).toEqual([200, 200, 401]);
    expect(metrics).toContain('troupe_plugins{state="active"} 1\n');
    expect(metrics).toContain('troupe_plugin_ready{plugin="kv"} 1\n');
    expect(metrics).toMatch(/^troupe_audit_lag_entries \d+$/m);
  });

  it('shows what a host with 1 plugin has: details, contracts, logs and the audit, each at 80 characters', async () => {
    const [show, contracts, audit] = [
      await host.plugin('show', 'kv'),
      await host.plugin('contracts'),
      await host.plugin('audit', 'kv', '--limit', '2'),
    ];

    expect(masked(show.stdout)).toBe(
      [
        'plugin     kv',
        'version    1.0.0',
        'state      active',
        'process    ready PID',
        'restarts   0',
        'crashes    0 that count now',
        'installed  TIME',
        'activated  TIME',
        'digest     DIGEST',
        'may        nothing that needs a permission',
        'kept       1.0.0 (active, TIME)',
        '',
      ].join('\n'),
    );
    expect(contracts.stdout).toBe('kv 1.0.0  operations\n  operation  get  answers what it gets\n');
    expect(audit.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(audit.stdout).toMatch(/^number {2}time {22}event {14}who {8}data\n/);
    expect(await host.json('contracts', 'kv')).toMatchObject({
      plugins: [{ plugin: 'kv', operations: [{ name: 'get' }] }],
    });
    expect(await host.plugin('contracts', 'no')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[PLUGIN_UNAVAILABLE]'),
    });
  });

  it('finds an entry of the audit that was changed behind the back of the host', async () => {
    await sealed(host);
    const whole = await host.plugin('audit', 'verify');

    const database = new DatabaseSync(join(host.directory, 'troupe.db'), { timeout: 5000 });
    database.exec("UPDATE audit SET principal_label = 'mallory' WHERE sequence = 1");
    database.close();
    const broken = await runHere(['audit', 'verify', 'kv', '--data', host.directory]);

    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining('the audit is whole') });
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^kv: broken at entry 1: /);
  });

  it.each([
    [['install', 'the same'], 'NAME_TAKEN'],
    [['activate', 'unknown'], 'PLUGIN_UNKNOWN'],
    [['activate', 'kv'], 'INVALID_TRANSITION'],
    [['reset', 'kv'], 'INVALID_TRANSITION'],
    [['install', '/no/such/place'], 'BUNDLE_NOT_FOUND'],
    [['show', 'unknown'], 'PLUGIN_UNKNOWN'],
    [['uninstall', 'kv', '--yes'], 'INVALID_TRANSITION'],
  ])('refuses %j with 1 error, the code %s and exit code 1', async (args, code) => {
    const given = args.map((arg) => (arg === 'the same' ? join(root, 'kv') : arg));

    const result = await host.plugin(...given);

    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr.match(/^error \[[A-Z_]+\]: /gm)).toEqual([`error [${code}]: `]);
  });

  it('looks at a host and its directory, and finds what was broken', async () => {
    const well = await host.plugin('doctor');
    chmodSync(join(host.directory, 'audit.key'), 0o644);
    appendFileSync(join(host.directory, 'audit.key'), '');

    const ill = await host.plugin('doctor');

    expect(well.code).toBe(0);
    expect(well.stdout).toMatch(/^ok {3}host {8}troupe \S+ runs as process \d+$/m);
    expect(well.stdout).toMatch(/^ok {3}leases {6}1 lease held by the host that runs$/m);
    expect(well.stdout).toMatch(/ 0 failed\n$/);
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain('audit.key has mode 644: chmod 600');
  });
});

// Helpers

function masked(text: string): string {
  return text
    .replace(/ready \d+/g, 'ready PID')
    .replace(/process +restarts/g, 'process    restarts')
    .replace(/[0-9a-f]{64}/g, 'DIGEST')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/ +$/gm, '');
}

/** Waits until every entry has its link. */
async function sealed(host: TestHostProcess): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const { entries } = (await host.json('audit', 'kv')) as { entries: { sealed: boolean }[] };
    if (entries.every((entry) => entry.sealed)) return;
  }
  throw new Error('the audit is never sealed');
}

/** Modes of everything below a directory but what artifacts are made of, which are read-only. */
function modesIn(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    ['.', ...names].map((name) => [name, (statSync(join(root, name)).mode & 0o777).toString(8)]),
  );
}
