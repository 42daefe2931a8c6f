import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readManifest } from '../../src/host/index.ts';
import type { ManifestInput } from '../../src/host/index.ts';
import type { EventPluginOrder } from './fixtures/event-plugin.ts';
import { childEnv, failureOf, hostForTest, nodeCommand, waitFor } from './support.ts';

describe('a start by manifests', () => {
  it('runs what 2 directories have, and the first one wins; invalid ones are reported and skipped', async () => {
    const { root, test } = scene({
      'one/a/plugin.json': json(manifest('alpha', { version: '1.0.0' })),
      'one/broken/plugin.json': '{ "name": 1,',
      'one/empty/readme.txt': 'nothing',
      'one/.hidden/plugin.json': 'never looked at',
      'one/file.txt': 'nothing',
      'two/a/plugin.yaml': json(manifest('alpha', { version: '2.0.0' })),
      'two/b/plugin.yaml': json(manifest('beta')),
      'two/both/plugin.yaml': json(manifest('both')),
      'two/both/plugin.json': json(manifest('both')),
    });

    const report = await test.host.start({ directories: [join(root, 'one'), join(root, 'two'), join(root, 'none')] });

    expect(report.started).toEqual(['alpha', 'beta']);
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ path, code }) => [path.slice(root.length + 1), code])).toEqual([
      ['one/broken', 'MANIFEST_INVALID'],
      ['one/empty', 'MANIFEST_NOT_FOUND'],
      ['two/a', 'NAME_TAKEN'],
      ['two/both', 'MANIFEST_INVALID'],
      ['none', 'MANIFEST_NOT_FOUND'],
    ]);
    expect(report.skipped[0]?.errors).toMatchObject([{ line: 1, message: expect.stringContaining('not valid JSON') }]);
    expect(test.host.plugins().map(({ name }) => name)).toEqual(['alpha', 'beta']);
  });

  it('reports 2 folders and 1 manifest that are links which lead nowhere, and runs the rest', async () => {
    const { root, test } = scene({ 'a/plugin.json': json(manifest('alpha')), 'd/readme.txt': 'nothing' });
    symlinkSync(join(root, 'gone'), join(root, 'b'));
    symlinkSync(join(root, 'c'), join(root, 'c'));
    symlinkSync(join(root, 'd/plugin.yaml'), join(root, 'd/plugin.yaml'));

    const report = await test.host.start({ directories: [root] });

    expect(report.started).toEqual(['alpha']);
    expect(report.skipped.map(({ path, code, errors }) => [path, code, errors[0]?.message])).toEqual([
      [join(root, 'b'), 'MANIFEST_NOT_FOUND', 'cannot be looked at (ENOENT)'],
      [join(root, 'c'), 'MANIFEST_NOT_FOUND', 'cannot be looked at (ELOOP)'],
      [join(root, 'd'), 'MANIFEST_NOT_FOUND', `${join(root, 'd/plugin.yaml')} cannot be looked at (ELOOP)`],
    ]);
  });

  it('gives a plugin the rights and bounds of its manifest', async () => {
    const { root, test } = scene({
      'plugin.yaml': json(
        manifest('alpha', {
          kinds: ['operations', 'events'],
          events: { subscribe: ['work.*'], emit: ['life.*'], rate_limit: 1 },
        }),
      ),
    });

    await test.host.start({ manifests: [root] });
    const operations = test.host.plugin('alpha')?.operations();
    const answers = [];
    for (const type of ['life.a', 'life.b', 'other.a']) answers.push(await operations?.execute('emit', { type }));

    expect(answers).toEqual([{ id: expect.any(String) }, { code: 'RATE_LIMITED' }, { code: 'EMIT_DENIED' }]);
    expect(test.host.bus.counters.subscriptions).toBe(1);
    expect(() => test.host.plugin('alpha')?.steps()).toThrow('does not contribute steps');
  });

  it.each<[string, Partial<ManifestInput>, EventPluginOrder, string]>([
    ['for another host', { troupe: '>=99' }, {}, 'HOST_VERSION_UNSUPPORTED'],
    ['without its configuration', { config: { url: { type: 'string', required: true } } }, {}, 'PLUGIN_CONFIG_INVALID'],
    ['without its program', { run: { command: './missing' } }, {}, 'COMMAND_NOT_FOUND'],
    ['that refuses its Init', {}, { sick: true }, 'INIT_FAILED'],
    ['that runs nowhere here', { placement: { allow: ['wasm'] } }, {}, 'PLACEMENT_UNSUPPORTED'],
  ])('goes on after a plugin %s, with nothing of it left', async (_, keys, order, code) => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', keys, order)),
      'b/plugin.json': json(manifest('beta')),
    });

    const report = await test.host.start({ directories: [root] });

    expect(report).toMatchObject({ started: ['beta'], failed: [{ name: 'alpha', code, policy: 'continue' }] });
    expect(report.failed[0]?.message).toMatch(/alpha|missing/);
    expect(test.host.plugin('alpha')).toBeUndefined();
  });

  it('stops everything after a failure of a plugin whose policy is abort', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha')),
      'b/plugin.json': json(manifest('beta', { startFailure: 'abort' }, { sick: true })),
      'c/plugin.json': json(manifest('gamma')),
    });

    const report = await test.host.start({ directories: [root], atOnce: 1 });

    expect(report.started).toEqual([]);
    expect(report.failed.map(({ name, code, policy }) => [name, code, policy])).toEqual([
      ['alpha', 'START_ABORTED', 'continue'],
      ['beta', 'INIT_FAILED', 'abort'],
      ['gamma', 'START_ABORTED', 'continue'],
    ]);
    await waitFor('no plugin', () => test.host.plugins().length === 0);
  });

  it('lets the program overrule the policy of a manifest', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', { startFailure: 'abort' }, { sick: true })),
      'b/plugin.json': json(manifest('beta')),
    });

    const report = await test.host.start({ directories: [root], startFailure: { alpha: 'continue' } });

    expect(report).toMatchObject({ started: ['beta'], failed: [{ name: 'alpha', policy: 'continue' }] });
  });

  it('reports 3 names that nobody has, wherever they stand', async () => {
    const { root, test } = scene({ 'a/plugin.json': json(manifest('alpha')) });

    const report = await test.host.start({
      directories: [root],
      plugins: ['alpha', 'beta'],
      config: { gamma: {} },
      launch: { delta: {} },
    });

    expect(report.started).toEqual(['alpha']);
    expect(report.failed.map(({ name, code }) => [name, code])).toEqual([
      ['beta', 'PLUGIN_UNKNOWN'],
      ['gamma', 'PLUGIN_UNKNOWN'],
      ['delta', 'PLUGIN_UNKNOWN'],
    ]);
  });

  it('aborts when a plugin without which nothing works is not there', async () => {
    const { root, test } = scene({ 'a/plugin.json': json(manifest('alpha')) });

    const startFailure = { beta: 'abort' } as const;
    const report = await test.host.start({ directories: [root], plugins: ['alpha', 'beta'], startFailure });

    expect(report.started).toEqual([]);
    expect(report.failed.map(({ code }) => code)).toEqual(['START_ABORTED', 'PLUGIN_UNKNOWN']);
  });

  it('is given up by its signal', async () => {
    const { root, test } = scene({ 'a/plugin.json': json(manifest('alpha')) });

    const report = await test.host.start({ directories: [root], signal: AbortSignal.abort() });

    expect(report).toMatchObject({ started: [], failed: [{ name: 'alpha', code: 'START_ABORTED' }] });
  });

  it('starts plugins behind what they need, 3 in a chain, whatever their names', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', { depends: [{ name: 'beta', version: '^1.0.0' }] })),
      'b/plugin.json': json(manifest('beta', { depends: [{ name: 'gamma' }] })),
      'c/plugin.json': json(manifest('gamma')),
    });
    const ready: string[] = [];
    test.host.onFact(({ type, plugin }) => type === 'plugin.ready' && ready.push(plugin));

    const report = await test.host.start({ directories: [root] });

    expect(report).toMatchObject({ started: ['alpha', 'beta', 'gamma'], failed: [] });
    expect(ready).toEqual(['gamma', 'beta', 'alpha']);
  });

  it('fails what needs a plugin that has failed, and names it, 2 in a row', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', { depends: [{ name: 'beta' }] })),
      'b/plugin.json': json(manifest('beta', { depends: [{ name: 'gamma' }] })),
      'c/plugin.json': json(manifest('gamma', {}, { sick: true })),
      'd/plugin.json': json(manifest('delta', { depends: [{ name: 'gamma', optional: true }] })),
    });

    const report = await test.host.start({ directories: [root] });

    expect(report.started).toEqual(['delta']);
    expect(report.failed.map(({ name, code, message }) => [name, code, message])).toEqual([
      ['alpha', 'DEPENDENCY_INACTIVE', 'plugin "alpha" needs "beta", which is not active'],
      ['beta', 'DEPENDENCY_INACTIVE', 'plugin "beta" needs "gamma", which is not active'],
      ['gamma', 'INIT_FAILED', expect.any(String)],
    ]);
  });

  it('fails plugins that need each other, one that is nowhere, and another version', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', { depends: [{ name: 'beta' }] })),
      'b/plugin.json': json(manifest('beta', { depends: [{ name: 'alpha' }] })),
      'c/plugin.json': json(manifest('gamma', { depends: [{ name: 'nowhere' }] })),
      'd/plugin.json': json(manifest('delta', { depends: [{ name: 'omega', version: '^2.0.0' }] })),
      'e/plugin.json': json(manifest('omega')),
    });

    const report = await test.host.start({ directories: [root] });

    expect(report.started).toEqual(['omega']);
    expect(report.failed.map(({ name, code, message }) => [name, code, message])).toEqual([
      ['alpha', 'DEPENDENCY_CYCLE', 'plugins need each other: "alpha" needs "beta" needs "alpha"'],
      ['beta', 'DEPENDENCY_CYCLE', 'plugins need each other: "alpha" needs "beta" needs "alpha"'],
      ['gamma', 'DEPENDENCY_MISSING', 'plugin "gamma" needs "nowhere", which is not there'],
      ['delta', 'DEPENDENCY_INCOMPATIBLE', expect.stringContaining('"omega" in a version of ^2.0.0, which has 1.0.0')],
    ]);
  });

  it('takes a plugin that an earlier start has started for one that is active, with its version', async () => {
    const { root, test } = scene({
      'a/plugin.json': json(manifest('alpha', { depends: [{ name: 'beta', version: '^1.0.0' }] })),
      'b/plugin.json': json(manifest('beta')),
      'c/plugin.json': json(manifest('gamma', { depends: [{ name: 'beta', version: '^2.0.0' }] })),
    });
    await test.host.start({ manifests: [join(root, 'b')] });

    const report = await test.host.start({ manifests: [join(root, 'a'), join(root, 'c')] });

    expect(report).toMatchObject({ started: ['alpha'], failed: [{ name: 'gamma', code: 'DEPENDENCY_INCOMPATIBLE' }] });
  });

  it('after the stop of the host is refused with HOST_STOPPED', async () => {
    const { test } = scene({});
    await test.host.stop();

    expect(await failureOf(test.host.start({}))).toMatchObject({ code: 'HOST_STOPPED' });
  });
});

describe('the manifest of a file', () => {
  it.each([
    ['that does not exist', {}, 'nothing.yaml', 'MANIFEST_NOT_FOUND'],
    ['that is a folder without one', { 'a/x': '' }, 'a', 'MANIFEST_NOT_FOUND'],
    ['that is larger than 256 KiB', { 'plugin.yaml': ' '.repeat(256 * 1024 + 1) }, 'plugin.yaml', 'MANIFEST_INVALID'],
    ['that is no YAML', { 'plugin.yaml': 'a: [' }, '.', 'MANIFEST_INVALID'],
  ])('%s is refused', async (_, files, path, code) => {
    const { root } = scene(files);

    expect(await failureOf(readManifest(join(root, path)))).toMatchObject({ code });
  });

  it('that is not UTF-8 is refused', async () => {
    const { root } = scene({});
    writeFileSync(join(root, 'plugin.yaml'), Buffer.from([0xff, 0xfe, 0x00]));

    const problems = ['plugin.yaml  is not text in UTF-8'];
    expect(await failureOf(readManifest(root))).toMatchObject({ code: 'MANIFEST_INVALID', details: { problems } });
  });
});

// Helpers

function scene(files: Readonly<Record<string, string>>) {
  const test = hostForTest({ process: { startTimeoutMs: 20_000 } });
  const root = mkdtempSync('/tmp/tm-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return { test, root };
}

/** YAML takes it too. */
function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

function manifest(name: string, keys: Partial<ManifestInput> = {}, order: EventPluginOrder = {}): ManifestInput {
  const { command, args } = nodeCommand('event-plugin', order);
  return {
    apiVersion: 'troupe.plugin/v1',
    name,
    version: '1.0.0',
    kinds: ['operations'],
    run: { command, args, env: childEnv() },
    ...keys,
  };
}
