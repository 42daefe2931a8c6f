import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSigningKey, packBundle } from '../../../src/host/bundles/index.ts';
import type { BundleLimits, StageOptions, StageProgress, TrustOptions } from '../../../src/host/bundles/index.ts';
import type { PluginSource } from '../../../src/host/lifecycle/types.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { ROOT } from '../../source-files.ts';
import {
  directoryOf,
  layOut,
  makeExecutable,
  manifest,
  namesIn,
  PLUGIN,
  rawBundle,
  recordOf,
  storeForTest,
  temporaryDirectory,
  treeOf,
} from './support.ts';

const pair = createSigningKey();
const key = createPrivateKey(pair.privateKey);
const TRUST: TrustOptions = { keys: [{ id: 'me', publicKey: pair.publicKey }] };
const OFF: StageOptions = { policy: 'off' };

describe('a stage', () => {
  it('of a directory gives its files, read-only, and its manifest', async () => {
    const { store, root } = storeForTest();
    const directory = directoryOf();
    makeExecutable(join(directory, 'main.js'));

    const staged = await store.stage({ kind: 'directory', path: directory });

    expect(treeOf(staged.directory)).toEqual(treeOf(directory));
    expect(staged).toMatchObject({
      directory: join(root, staged.digest, 'plugin', 'greeter'),
      loaded: {
        directory: staged.directory,
        file: join(staged.directory, 'plugin.json'),
        manifest: { name: 'greeter' },
      },
      manifestText: manifest(),
      signer: undefined,
      warnings: [`directory "${directory}" has no signature`],
      isFresh: true,
      bytes: 135,
    });
    const modes = ['main.js', 'lib/deep/a.txt', 'lib', '.', '..', '../..'].map(
      (path) => statSync(join(staged.directory, path)).mode & 0o777,
    );
    expect(modes).toEqual([0o500, 0o400, 0o500, 0o500, 0o500, 0o500]);
  });

  it.each<PluginSource['kind']>(['archive', 'bytes'])('of %s that is signed needs no more to be said', async (kind) => {
    const { store } = storeForTest({ trust: TRUST });

    const staged = await store.stage(sourceOf(kind, await packed({ key })));

    expect(staged).toMatchObject({ signer: { id: 'me', fingerprint: pair.fingerprint }, warnings: [] });
  });

  it('gives one digest for one plugin, wherever it comes from', async () => {
    const { store } = storeForTest();
    const file = await packed();

    const digests = [];
    for (const kind of ['directory', 'archive', 'bytes'] as const) {
      const { digest, isFresh } = await store.stage(
        kind === 'directory' ? { kind, path: directoryOf() } : sourceOf(kind, file),
        OFF,
      );
      digests.push([digest, isFresh]);
    }

    expect(digests).toEqual([
      [digests[0]?.[0], true],
      [digests[0]?.[0], false],
      [digests[0]?.[0], false],
    ]);
    expect(await store.list()).toHaveLength(1);
  });

  it('tells how far it is', async () => {
    const steps: StageProgress[] = [];
    await storeForTest().store.stage(
      { kind: 'archive', path: await packed() },
      { ...OFF, onProgress: (each) => steps.push(each) },
    );

    expect(steps.map(({ step }) => step)).toEqual([
      'reading',
      'verifying',
      'copying',
      'copying',
      'copying',
      'publishing',
    ]);
    expect(steps.filter(({ step }) => step === 'copying').map(({ done, total }) => [done, total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it.each<[string, (file: string) => Promise<PluginSource> | PluginSource, StageOptions, string]>([
    ['an archive that nobody has signed', (path) => ({ kind: 'archive', path }), {}, 'SIGNATURE_MISSING'],
    ['bytes that nobody has signed', (path) => sourceOf('bytes', path), {}, 'SIGNATURE_MISSING'],
    [
      'a directory where a signature is required',
      () => ({ kind: 'directory', path: directoryOf() }),
      { policy: 'required' },
      'SIGNATURE_MISSING',
    ],
    [
      'a file that changed',
      () => ({ kind: 'bytes', bytes: rawBundle(PLUGIN, [{ name: 'main.js', contents: 'console.log(2);\n' }]) }),
      OFF,
      'BUNDLE_CORRUPT',
    ],
    [
      'a path that leads out',
      () => ({ kind: 'bytes', bytes: rawBundle(PLUGIN, [{ name: '../../evil', contents: 'x' }]) }),
      OFF,
      'BUNDLE_ENTRY_REFUSED',
    ],
    [
      'another plugin than wanted',
      (path) => ({ kind: 'archive', path }),
      { ...OFF, expect: { name: 'other' } },
      'BUNDLE_INVALID',
    ],
    [
      'another digest than wanted',
      (path) => ({ kind: 'archive', path }),
      { ...OFF, expect: { digest: 'a'.repeat(64) } },
      'BUNDLE_LOCK_MISMATCH',
    ],
    [
      'another Node.js',
      () => ({
        kind: 'bytes',
        bytes: rawBundle(PLUGIN, [], recordOf(PLUGIN, {}, { runtime: { node: '>=99', platforms: [] } })),
      }),
      OFF,
      'BUNDLE_RUNTIME_UNSUPPORTED',
    ],
    ['no file', () => ({ kind: 'archive', path: '/nowhere' }), OFF, 'BUNDLE_NOT_FOUND'],
    ['no directory', () => ({ kind: 'directory', path: '/nowhere' }), OFF, 'BUNDLE_NOT_FOUND'],
    ['a directory as an archive', () => ({ kind: 'archive', path: directoryOf() }), OFF, 'BUNDLE_NOT_FOUND'],
    ['an address that is none', () => ({ kind: 'url', url: 'nonsense' }), OFF, 'DOWNLOAD_URL_INVALID'],
    ['an unreachable name', () => ({ kind: 'url', url: 'http://nowhere.invalid/x' }), OFF, 'DOWNLOAD_FAILED'],
    [
      'a caller who gave up',
      (path) => ({ kind: 'archive', path }),
      { ...OFF, signal: AbortSignal.abort() },
      'CANCELLED',
    ],
  ])('of %s fails and leaves nothing', async (_, sourceFor, options, code) => {
    const resolve = async (): Promise<never> =>
      Promise.reject(Object.assign(new Error('no name'), { code: 'ENOTFOUND' }));
    const { store, root } = storeForTest({ trust: TRUST, download: { resolve } });

    await expect(store.stage(await sourceFor(await packed()), options)).rejects.toMatchObject({ code });
    expect(namesIn(root)).toEqual([]);
    expect(namesIn(dirname(root))).toEqual(['store']);
  });

  it('refuses a forged signature also of a local directory (G-21)', async () => {
    const { store, root } = storeForTest({ trust: TRUST });
    const unpacked = directoryOf();
    const file = await packed({ key }, unpacked);
    execFileSync('python3', [
      '-c',
      'import sys,zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])',
      file,
      unpacked,
    ]);
    const signature = join(unpacked, 'signatures', `${pair.fingerprint}.json`);
    writeFileSync(signature, readFileSync(signature, 'utf8').replace(/"signature": "..../, '"signature": "AAAA'));

    await expect(store.stage({ kind: 'directory', path: unpacked })).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(namesIn(root)).toEqual([]);
  });

  it('of 16 at once, of the same contents, makes 1 artifact', async () => {
    const { store, root } = storeForTest();
    const other = storeForTest({ root }).store;
    const source: PluginSource = { kind: 'directory', path: directoryOf() };

    const staged = await Promise.all(
      Array.from({ length: 16 }, (_, index) => (index % 2 ? store : other).stage(source)),
    );

    expect(new Set(staged.map(({ digest }) => digest)).size).toBe(1);
    expect(staged.filter(({ isFresh }) => isFresh)).toHaveLength(1);
    expect(namesIn(root)).toEqual([staged[0]?.digest]);
    await store.verify(staged[0]?.digest ?? '');
  });

  it('makes an artifact again that was damaged', async () => {
    const { store } = storeForTest();
    const source: PluginSource = { kind: 'directory', path: directoryOf() };
    const { digest, directory } = await store.stage(source);
    overwrite(join(directory, 'main.js'), 'console.log(9);\n');

    await expect(store.verify(digest)).rejects.toMatchObject({ code: 'BUNDLE_CORRUPT', details: { entry: 'main.js' } });
    expect(await store.stage(source)).toMatchObject({ digest, isFresh: true });
    await expect(store.verify(digest)).resolves.toMatchObject({ digest });
  });

  it('adds a signature that counts to an artifact that is there', async () => {
    const { store } = storeForTest({ trust: TRUST });
    const { digest } = await store.stage({ kind: 'archive', path: await packed() }, OFF);
    expect(await store.open(digest)).toMatchObject({ signer: undefined });

    await store.stage({ kind: 'archive', path: await packed({ key }) });

    expect(await store.verify(digest)).toMatchObject({ signer: { id: 'me' }, signatures: [{ status: 'valid' }] });
  });
});

describe('a version below the highest that was installed', () => {
  it.each<[string, StageOptions, boolean]>([
    ['1.0.1', {}, false],
    ['1.0.0', {}, true],
    ['1.0.0-rc.1', {}, true],
    ['2.0.0', { allowDowngrade: true }, true],
  ])('beside %s, with %j, is taken: %s', async (highest, options, isTaken) => {
    const { store, root } = storeForTest();
    const asked: string[] = [];
    const highestOf = async (name: string): Promise<string> => {
      asked.push(name);
      return highest;
    };

    const outcome = await store
      .stage({ kind: 'directory', path: directoryOf() }, { highest: highestOf, ...options })
      .catch((error: unknown) => error);

    const refusal = { code: 'DOWNGRADE_REFUSED', details: { plugin: 'greeter', version: '1.0.0', highest } };
    expect(outcome).toMatchObject(isTaken ? { isFresh: true } : refusal);
    expect(namesIn(root)).toHaveLength(isTaken ? 1 : 0);
    expect(asked).toEqual(options.allowDowngrade ? [] : ['greeter']);
  });
});

describe('a version of a manifest of awf that cannot be compared', () => {
  it.each(['01.2.3', '1.0.0-01', '1.0.0-.'])(
    'is refused as %s beside 1.0.0, and may be a downgrade',
    async (version) => {
      const { store, root } = storeForTest();
      const text = `name: greeter\nversion: ${version}\nawf_version: 0.5.0\ncapabilities: [operations]\n`;
      const path = layOut(join(temporaryDirectory(), 'greeter'), { 'plugin.yaml': text, 'awf-plugin-greeter': '' });
      const stage = async (allowDowngrade: boolean): Promise<unknown> =>
        store.stage({ kind: 'directory', path }, { highest: '1.0.0', allowDowngrade });

      await expect(stage(false)).rejects.toMatchObject({
        code: 'DOWNGRADE_REFUSED',
        rawMessage: expect.stringContaining(`${version} cannot be compared with 1.0.0`),
      });
      expect(namesIn(root)).toEqual([]);
      await expect(stage(true)).resolves.toMatchObject({ record: { version } });
    },
  );
});

describe('limits (G-39)', () => {
  const TREE = { ...PLUGIN, 'data/large.bin': Buffer.alloc(3000, 'abc') };

  it.each<[BundleLimits, string]>([
    [{ maxEntryBytes: 2999 }, 'data/large.bin'],
    [{ maxTotalBytes: 3000 }, ''],
    [{ maxEntries: 6 }, ''],
    [{ maxPathBytes: 13 }, ''],
    [{ maxDepth: 2 }, 'lib/deep/a.txt'],
    [{ maxManifestBytes: 100 }, 'plugin.json'],
  ])('%j is the same for a directory, an archive, bytes and a pack', async (limits, entry) => {
    const directory = directoryOf(TREE);
    const file = join(temporaryDirectory(), 'x.troupe');
    await packBundle(directory, { out: file });
    const { store, root } = storeForTest({ limits });
    const sources: PluginSource[] = [
      { kind: 'directory', path: directory },
      sourceOf('archive', file),
      sourceOf('bytes', file),
    ];

    const out = join(temporaryDirectory(), 'y');

    const ways = [
      ...sources.map((source) => () => store.stage(source, OFF)),
      () => packBundle(directory, { out, limits }),
    ];

    for (const way of ways) {
      await expect(way()).rejects.toMatchObject({
        code: 'BUNDLE_LIMIT_EXCEEDED',
        details: {
          limit: Object.keys(limits)[0],
          allowed: Object.values(limits)[0],
          ...(entry === '' ? {} : { entry }),
        },
      });
    }
    expect(namesIn(root)).toEqual([]);
  });

  it('refuses a limit that is none', () => {
    expect(() => storeForTest({ limits: { maxEntries: 0 } })).toThrow('limits.maxEntries');
    expect(() => storeForTest({ limits: { maxFiles: 1 } as BundleLimits })).toThrow('limits.maxFiles');
  });
});

describe('an artifact', () => {
  it.each<[string, (artifact: string) => void, string]>([
    [
      'other contents of the same length',
      (at) => overwrite(join(at, 'plugin/greeter/main.js'), 'console.log(9);\n'),
      'has other contents',
    ],
    ['a file more', (at) => added(join(at, 'plugin/greeter'), 'more.js'), 'does not belong'],
    ['a file more that bundles leave out', (at) => added(join(at, 'plugin/greeter'), '.DS_Store'), 'does not belong'],
    ['a file that can be written', (at) => chmodSync(join(at, 'plugin/greeter/main.js'), 0o600), 'has the mode 600'],
    ['a file that can be executed', (at) => chmodSync(join(at, 'plugin/greeter/main.js'), 0o500), 'has the mode 500'],
  ])('with %s is found by verify', async (_, spoil, text) => {
    const { store, root } = storeForTest();
    const { digest } = await store.stage({ kind: 'directory', path: directoryOf() });
    spoil(join(root, digest));

    await expect(store.verify(digest)).rejects.toMatchObject({
      code: 'BUNDLE_CORRUPT',
      rawMessage: expect.stringContaining(text),
    });
  });

  it.each<[string, (artifact: string) => void]>([
    ['a file less', (at) => removed(join(at, 'plugin/greeter'), 'main.js')],
    ['a shorter file', (at) => overwrite(join(at, 'plugin/greeter/main.js'), '')],
    ['a record that was changed', (at) => overwrite(join(at, 'bundle.json'), '{}')],
    ['no record', (at) => removed(at, 'bundle.json')],
  ])('with %s is not opened', async (_, spoil) => {
    const { store, root } = storeForTest();
    const { digest } = await store.stage({ kind: 'directory', path: directoryOf() });
    spoil(join(root, digest));

    await expect(store.open(digest)).rejects.toMatchObject({ code: 'BUNDLE_CORRUPT' });
  });

  it('under the digest of another is not opened', async () => {
    const { store, root } = storeForTest();
    const { digest } = await store.stage({ kind: 'directory', path: directoryOf() });
    execFileSync('cp', ['-a', join(root, digest), join(root, 'a'.repeat(64))]);

    await expect(store.open('a'.repeat(64))).rejects.toMatchObject({ code: 'BUNDLE_CORRUPT' });
  });

  it.each(['b'.repeat(64), '../..', '', '.stage-x'])('that is not there is told: %j', async (digest) => {
    const { store } = storeForTest();

    await expect(store.open(digest)).rejects.toMatchObject({ code: 'BUNDLE_UNKNOWN' });
    await expect(store.verify(digest)).rejects.toMatchObject({ code: 'BUNDLE_UNKNOWN' });
    expect(await store.remove(digest)).toBe(false);
  });

  it('is removed once, and can come back', async () => {
    const { store, root } = storeForTest();
    const source: PluginSource = { kind: 'directory', path: directoryOf() };
    const { digest } = await store.stage(source);

    expect(await Promise.all([store.remove(digest), store.remove(digest), store.remove(digest)])).toContain(true);
    expect(namesIn(root)).toEqual([]);
    expect(await store.stage(source)).toMatchObject({ digest, isFresh: true });
  });

  it('is there for the next host, with its signer by the keys of that host', async () => {
    const { store, root } = storeForTest({ trust: TRUST });
    const { digest } = await store.stage({ kind: 'archive', path: await packed({ key }) });
    const revoked = { keys: [{ id: 'me', publicKey: pair.publicKey, revoked: true }] };

    const [same, other] = [storeForTest({ root, trust: TRUST }).store, storeForTest({ root, trust: revoked }).store];

    expect(await same.list()).toEqual([digest]);
    expect(await same.open(digest)).toMatchObject({ signer: { id: 'me' }, loaded: { manifest: { name: 'greeter' } } });
    expect(await other.open(digest)).toMatchObject({ signer: undefined });
    expect(await other.verify(digest)).toMatchObject({ signatures: [{ status: 'revoked', signer: 'me' }] });
  });
});

describe('the directory of a store', () => {
  it.each<[string, (root: string) => void, string]>([
    ['is a file', (root) => writeFileSync(root, ''), 'is not a directory'],
    ['is a link', (root) => symlinkSync('/dev/shm', root), 'is not a directory'],
    ['can be written by others', (root) => (mkdirSync(root), chmodSync(root, 0o777)), 'can be written by others'],
  ])('that %s is refused', async (_, prepare, text) => {
    const { store, root } = storeForTest();
    prepare(root);

    await expect(store.list()).rejects.toMatchObject({
      code: 'BUNDLE_STORE_FAILED',
      rawMessage: expect.stringContaining(text),
    });
  });

  it('can be used once what was wrong with it is mended', async () => {
    const { store, root } = storeForTest();
    writeFileSync(root, '');
    await expect(store.list()).rejects.toMatchObject({ code: 'BUNDLE_STORE_FAILED' });
    rmSync(root);

    expect(await store.list()).toEqual([]);
  });

  it('is swept of what a host left that was killed while it copied', async () => {
    const root = join(temporaryDirectory(), 'store');
    const directory = directoryOf({
      ...PLUGIN,
      ...Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, 'x'])),
    });
    await killWhileCopying(root, directory);
    expect(namesIn(root)).toEqual([expect.stringMatching(/^\.stage-/)]);

    const { store } = storeForTest({ root });

    expect(await store.sweep()).toEqual([expect.stringMatching(/^\.stage-/)]);
    expect(namesIn(root)).toEqual([]);
    expect(await store.stage({ kind: 'directory', path: directory })).toMatchObject({ isFresh: true });
  });

  it('keeps what a host has that still works there, and what one elsewhere may have, for a day', async () => {
    const { store, root } = storeForTest({ environment: createManualEnvironment({ startAt: 10 * 86_400_000 }) });
    await store.list();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replace(/\W/g, '');
    const own = execFileSync('readlink', [`/proc/${process.pid}/ns/pid`], { encoding: 'utf8' }).replace(/\D/g, '');
    const start = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19];
    const [mine, dead, elsewhere, formerBoot, old] = [
      `.stage-${boot}-${own}-${process.pid}-${start}-abc`,
      `.stage-${boot}-${own}-${process.pid}-1-abc`,
      `.stage-${boot}-1234-1-1-abc`,
      `.stage-${'0'.repeat(31)}1-${own}-1-1-abc`,
      `.stage-${boot}-1234-1-1-old`,
    ];
    for (const name of [mine, dead, elsewhere, formerBoot, old]) {
      mkdirSync(join(root, name));
      utimesSync(join(root, name), 10 * 86_400, 10 * 86_400);
    }
    utimesSync(join(root, old), 9 * 86_400 - 1, 9 * 86_400 - 1);

    const again = storeForTest({ root, environment: createManualEnvironment({ startAt: 10 * 86_400_000 }) }).store;

    expect([...(await again.sweep())].sort()).toEqual([dead, formerBoot, old].sort());
    expect([...namesIn(root)].sort()).toEqual([mine, elsewhere].sort());
  });
});

// Helpers

async function packed(options: Parameters<typeof packBundle>[1] = {}, directory = directoryOf()): Promise<string> {
  return (await packBundle(directory, { out: join(temporaryDirectory(), 'x.troupe'), ...options })).file;
}

function sourceOf(kind: PluginSource['kind'], file: string): PluginSource {
  return kind === 'bytes' ? { kind, bytes: readFileSync(file) } : { kind: 'archive', path: file };
}

function overwrite(file: string, text: string): void {
  chmodSync(file, 0o600);
  writeFileSync(file, text);
  chmodSync(file, 0o400);
}

function added(folder: string, name: string): void {
  chmodSync(folder, 0o700);
  layOut(folder, { [name]: '' });
  chmodSync(folder, 0o500);
}

function removed(folder: string, name: string): void {
  chmodSync(folder, 0o700);
  rmSync(join(folder, name));
  chmodSync(folder, 0o500);
}

/** In a process of its own, which is killed when the 10th file was copied. */
async function killWhileCopying(root: string, directory: string): Promise<void> {
  const script = `
    import { createArtifactStore } from './src/host/bundles/index.ts';
    import { createRealEnvironment } from './src/ports/index.ts';
    const store = createArtifactStore({ root: process.argv[1], environment: createRealEnvironment() });
    const onProgress = ({ step, done }) => step === 'copying' && done === 10 && process.kill(process.pid, 'SIGKILL');
    await store.stage({ kind: 'directory', path: process.argv[2] }, { onProgress });`;
  const args = ['--conditions=source', '--input-type=module', '-e', script, root, directory];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}
