import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConformanceReport } from '../../../src/cli/dev/conformance/conformance-row.ts';
import { packBundle } from '../../../src/host/bundles/index.ts';
import { GO_LIBRARIES } from '../../peers/availability.ts';
import { describeWithPeer } from '../../peers/peers.ts';
import { runTroupe, temporaryDirectory } from '../support.ts';
import { startDevHost } from './dev-host.ts';

const LIMIT_MS = 120_000;
// Debian's packages are no modules; a project with a network uses modules.
const GO = { GO111MODULE: 'off', GOPATH: GO_LIBRARIES, GOFLAGS: '', GOENV: 'off' };

const ROWS = `manifest.schema bundle.layout manifest.permissions starts health operations.listed operations.answer
  events.handled permissions.match-usage shutdown init.idempotent`.split(/\s+/);

const CHAIN = {
  codes: [0, 0] as (number | null)[],
  isServed: true,
  states: ['installed', 'active'],
  isSameManifest: true,
  answers: [{ text: 'hello, ann' }, { text: 'hello, ann' }] as unknown[],
};

describe('plugin init', () => {
  it('refuses to write over files, names them, and does so with --force', async () => {
    const directory = await initialized('typescript');
    writeFileSync(join(directory, 'plugin.ts'), 'mine');

    const refused = await runTroupe(['plugin', 'init', directory]);
    const kept = readFileSync(join(directory, 'plugin.ts'), 'utf8');
    const forced = await runTroupe(['plugin', 'init', directory, '--force']);

    expect([refused.code, kept, forced.code]).toEqual([1, 'mine', 0]);
    expect(refused.stderr).toContain('plugin.ts');
  });

  it.each([
    ['My Plugin!', 'my-plugin'],
    ['__x__', 'x'],
    ['日本', 'plugin'],
  ])('makes of a directory %j the name %j', async (folder, name) => {
    const directory = join(temporaryDirectory(), folder);

    const { code } = await runTroupe(['plugin', 'init', directory]);

    expect([code, readFileSync(join(directory, 'plugin.yaml'), 'utf8')]).toEqual([
      0,
      expect.stringContaining(`name: ${name}\n`),
    ]);
  });

  it.each([
    ['--template', 'cobol'],
    ['--nmae', 'x'],
  ])('ends %s %s with 2', async (...args) => {
    expect((await runTroupe(['plugin', 'init', ...args])).code).toBe(2);
  });
});

describe('the TypeScript template', () => {
  it('passes the whole chain with the same files: test, dev, install, activate', { timeout: LIMIT_MS }, async () => {
    expect(await walkTheChain(await initialized('typescript'), {})).toEqual(CHAIN);
  });
});

describeWithPeer('go', 'the Go template', () => {
  it('passes the whole chain with the same files: test, dev, install, activate', { timeout: LIMIT_MS }, async () => {
    expect(await walkTheChain(await initialized('go'), GO)).toEqual(CHAIN);
  });
});

describe('plugin test', () => {
  it('passes every row of the template, each of which it names', { timeout: LIMIT_MS }, async () => {
    const { report } = await tested(await initialized('typescript'));

    const passed = report.rows.filter(({ verdict }) => verdict === 'passed');
    expect(passed).toHaveLength(report.rows.length);
    expect(passed.map(({ id }) => id)).toEqual(ROWS);
  });

  it.each<[string, string, string, string]>([
    ['a start that throws', 'await servePlugin(plugin);', 'throw new Error("no");', 'starts'],
    ['output before the handshake', 'await servePlugin', 'console.log("hi"); await servePlugin', 'starts'],
    ['an operation that ends the process', 'text: greeting(input?.name)', 'text: process.exit(3)', 'operations.answer'],
    ['an event that it may not emit', "type: 'greeting.said'", "type: 'other.said'", 'permissions.match-usage'],
  ])('finds %s', { timeout: LIMIT_MS }, async (_, before, after, row) => {
    const directory = await initialized('typescript');
    const path = join(directory, 'plugin.ts');
    writeFileSync(path, readFileSync(path, 'utf8').replace(before, after));

    const { code, report } = await tested(directory);

    expect([code, report.isConforming]).toEqual([1, false]);
    expect(report.rows.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id)).toContain(row);
  });

  it('skips what needs a running plugin when a file is missing, and says so', { timeout: LIMIT_MS }, async () => {
    const directory = await initialized('typescript');
    rmSync(join(directory, 'plugin.ts'));

    const { report } = await tested(directory);

    const verdicts = Object.fromEntries(report.rows.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toMatchObject({
      'bundle.layout': 'failed',
      starts: 'failed',
      health: 'skipped',
      shutdown: 'skipped',
    });
  });

  it('tests a bundle as it tests a directory', { timeout: LIMIT_MS }, async () => {
    const directory = await initialized('typescript');
    const { file } = await packBundle(directory, { out: join(directory, '..', 'kv.troupe') });

    const { code, report } = await tested(file);

    expect([code, report.plugin, report.isConforming]).toEqual([0, 'kv', true]);
  });
});

describe('plugin diff', () => {
  it('shows what a version gains and loses, of directories and bundles', async () => {
    const [before, after] = [await initialized('typescript'), await initialized('typescript')];
    const path = join(after, 'plugin.yaml');
    const manifest = readFileSync(path, 'utf8').replace('  emit: [greeting.said]\n', '');
    writeFileSync(path, `${manifest}permissions: { net: [example.org] }\n`);
    const bundle = await packBundle(after, { out: join(after, '..', 'kv.troupe') });

    const text = await runTroupe(['plugin', 'diff', before, bundle.file]);
    const json = await runTroupe(['plugin', 'diff', before, after, '--json']);

    expect(text.stdout).toBe(
      'kv 0.1.0 -> kv 0.1.0\n= events.subscribe:greeting.wanted\n- events.emit:greeting.said\n+ net:example.org  (sensitive)\n',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({ added: ['net:example.org'], sensitive: ['net:example.org'] });
  });

  it('ends with 1 for what is not there, and with 2 without arguments', async () => {
    const [missing, misused] = [
      await runTroupe(['plugin', 'diff', '/nowhere', '/nowhere']),
      await runTroupe(['plugin', 'diff']),
    ];

    expect([missing.code, misused.code]).toEqual([1, 2]);
  });
});

// Helpers

async function initialized(template: 'typescript' | 'go'): Promise<string> {
  const directory = join(temporaryDirectory(), 'kv');
  const { code, stderr } = await runTroupe(['plugin', 'init', directory, '--template', template]);
  if (code !== 0) throw new Error(stderr);
  return directory;
}

async function tested(path: string): Promise<{ readonly code: number | null; readonly report: ConformanceReport }> {
  const { code, stdout, stderr } = await runTroupe(['plugin', 'test', path, '--json']);
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as ConformanceReport };
}

/** G-19: one manifest for all of it. */
async function walkTheChain(directory: string, env: Readonly<Record<string, string>>): Promise<typeof CHAIN> {
  const manifest = readFileSync(join(directory, 'plugin.yaml'), 'utf8');
  const test = await runTroupe(['plugin', 'test', directory], { env });
  const [devHost, host] = [await startDevHost(), await startDevHost()];
  const flags = ['--host', devHost.url, '--token', devHost.token, '--no-watch'];
  const dev = await runTroupe(['plugin', 'dev', directory, ...flags], { env });
  const installed = await host.lifecycle.install({ kind: 'directory', path: directory });
  const activated = await host.lifecycle.activate('kv');
  const call = (each: typeof host): Promise<unknown> => each.call('kv', 'greet', { name: 'ann' });
  return {
    codes: [test.code, dev.code],
    isServed: dev.stdout.includes('installed kv 0.1.0'),
    states: [installed.state, activated.state],
    isSameManifest: activated.manifest === manifest,
    answers: [await call(devHost), await call(host)],
  };
}
