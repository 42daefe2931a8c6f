import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSigningKey, packBundle, signBundle, verifyBundle } from '../../../src/host/bundles/index.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import { directoryOf, layOut, makeExecutable, manifest, PLUGIN, rawBundle, temporaryDirectory } from './support.ts';

const pair = createSigningKey();
const key = createPrivateKey(pair.privateKey);
const clock = createRealClock();
const trust = { keys: [{ id: 'me', publicKey: pair.publicKey }] };

describe('packBundle', () => {
  it('gives the same bytes whenever and wherever it packs the same files', async () => {
    const [first, second] = [directoryOf(), directoryOf(Object.fromEntries(Object.entries(PLUGIN).reverse()))];
    utimesSync(join(second, 'main.js'), 1, 1);

    const [a, b] = [await pack(first), await pack(second)];

    expect(readFileSync(a.file).equals(readFileSync(b.file))).toBe(true);
    expect(a.bytes).toBe(readFileSync(a.file).length);
  });

  it('gives the same bytes in another time zone', async () => {
    const script = `import { packBundle } from './src/host/bundles/index.ts';
      process.stdout.write((await packBundle(process.argv[1], { out: process.argv[2] })).file);`;
    const directory = directoryOf();
    const outs = ['Pacific/Auckland', 'America/Sao_Paulo', 'UTC'].map((zone) => {
      const out = join(temporaryDirectory(), 'x.troupe');
      const args = ['--conditions=source', '--input-type=module', '-e', script, directory, out];
      return execFileSync(process.execPath, args, { env: { ...process.env, TZ: zone }, encoding: 'utf8' });
    });

    const [first, ...others] = outs.map((out) => readFileSync(out));

    expect(others.every((bytes) => bytes.equals(first as Buffer))).toBe(true);
  });

  it('keeps the right to be executed, and leaves out what tools leave behind', async () => {
    const directory = directoryOf({ ...PLUGIN, '.git/HEAD': 'x', '.DS_Store': 'x', 'old.troupe': 'x', '.npmrc': 'y' });
    makeExecutable(join(directory, 'main.js'));
    mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true });
    symlinkSync('../main.js', join(directory, 'node_modules/.bin/main'));

    const { record } = await pack(directory);

    expect(record.files.map(({ path, executable }) => [path, executable])).toEqual([
      ['.npmrc', undefined],
      ['lib/deep/a.txt', undefined],
      ['main.js', true],
      ['plugin.json', undefined],
    ]);
  });

  it('leaves out the data directory of a host, with its keys', async () => {
    const data = { 'data/host.lock': '', 'data/troupe.db': 'x', 'data/audit.key': 'secret', 'data/artifacts/a': 'x' };
    const directory = directoryOf({ ...PLUGIN, ...data, 'other/troupe.db': 'of the plugin' });

    const { record } = await pack(directory);

    expect(record.files.map(({ path }) => path)).toEqual([
      'lib/deep/a.txt',
      'main.js',
      'other/troupe.db',
      'plugin.json',
    ]);
  });

  it('can be unpacked by other programs', async () => {
    const { file } = await pack(directoryOf());
    const python = 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist())';

    const names = execFileSync('python3', ['-c', python, file], { encoding: 'utf8' }).trim();

    expect(names).toBe('None bundle.json lib/deep/a.txt main.js plugin.json');
  });

  it('stores what deflate would make look like a bomb', async () => {
    const { file, bytes } = await pack(directoryOf({ ...PLUGIN, zeros: Buffer.alloc(3 * 1024 * 1024) }));

    expect(bytes).toBeGreaterThan(3 * 1024 * 1024);
    await expect(verifyBundle(file, { clock, policy: 'off' })).resolves.toBeDefined();
  });

  it.each<[string, (directory: string) => void, string, string]>([
    ['a link', (at) => symlinkSync('main.js', join(at, 'link')), 'BUNDLE_ENTRY_REFUSED', '"link", which is a link'],
    ['a link out', (at) => symlinkSync('/etc', join(at, 'link')), 'BUNDLE_ENTRY_REFUSED', '"link", which is a link'],
    ['a pipe', (at) => void execFileSync('mkfifo', [join(at, 'pipe')]), 'BUNDLE_ENTRY_REFUSED', '"pipe"'],
    ['a name with a line end', (at) => writeFileSync(join(at, 'a\nb'), ''), 'BUNDLE_ENTRY_REFUSED', 'control'],
    ['names that differ by case', (at) => writeFileSync(join(at, 'MAIN.js'), ''), 'BUNDLE_ENTRY_REFUSED', 'same as'],
    ['no manifest', (at) => void execFileSync('rm', [join(at, 'plugin.json')]), 'MANIFEST_NOT_FOUND', 'neither'],
    ['2 manifests', (at) => writeFileSync(join(at, 'plugin.yaml'), ''), 'BUNDLE_INVALID', 'only one'],
    [
      'a bad name',
      (at) => writeFileSync(join(at, 'plugin.json'), manifest('1.0.0', 'a/b')),
      'MANIFEST_INVALID',
      '1 problem',
    ],
    ['no version', (at) => writeFileSync(join(at, 'plugin.json'), manifest('')), 'MANIFEST_INVALID', '1 problem'],
    ['a bundle.json of its own', (at) => writeFileSync(join(at, 'bundle.json'), '{}'), 'BUNDLE_INVALID', 'bundle.json'],
    ['signatures that are none', (at) => void layOut(at, { 'signatures/x': '' }), 'SIGNATURE_INVALID', 'not JSON'],
    [
      'a file "signatures"',
      (at) => void layOut(at, { signatures: '' }),
      'SIGNATURE_INVALID',
      '"signatures" is not JSON',
    ],
  ])('refuses a directory with %s, and leaves nothing', async (_, spoil, code, text) => {
    const directory = directoryOf();
    const place = temporaryDirectory();
    spoil(directory);

    await expect(packBundle(directory, { out: join(place, 'x.troupe') })).rejects.toMatchObject({
      code,
      rawMessage: expect.stringContaining(text),
    });
    expect(readdirSync(place)).toEqual([]);
  });

  it('refuses a path at which nothing is', async () => {
    await expect(packBundle('/nowhere')).rejects.toMatchObject({
      code: 'BUNDLE_NOT_FOUND',
      rawMessage: 'directory "/nowhere" cannot be read (ENOENT)',
    });
  });

  it('replaces a bundle, and nothing else', async () => {
    const place = temporaryDirectory();
    const out = join(place, 'x.troupe');
    writeFileSync(out, 'my notes');

    await expect(packBundle(directoryOf(), { out })).rejects.toMatchObject({ code: 'BUNDLE_OUTPUT_REFUSED' });
    await expect(packBundle(directoryOf(), { out: place })).rejects.toMatchObject({ code: 'BUNDLE_OUTPUT_REFUSED' });
    writeFileSync(out, rawBundle());
    await expect(packBundle(directoryOf(), { out })).resolves.toMatchObject({ file: out });
    expect(readdirSync(place)).toEqual(['x.troupe']);
  });

  it('does not pack its output the next time', async () => {
    const directory = directoryOf();
    const first = await packBundle(directory, { out: join(directory, 'x.troupe') });
    const second = await packBundle(directory, { out: join(directory, 'x.troupe') });

    expect(second.record).toEqual(first.record);
    await expect(packBundle(directory, { out: join(directory, 'x.zip') })).rejects.toMatchObject({
      code: 'BUNDLE_OUTPUT_REFUSED',
    });
  });

  it('that is cancelled leaves nothing', async () => {
    const place = temporaryDirectory();
    const controller = new AbortController();
    const onFile = (path: string): void => void (path === 'main.js' && controller.abort());

    const run = packBundle(directoryOf(), { out: join(place, 'x.troupe'), signal: controller.signal, onFile });

    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readdirSync(place)).toEqual([]);
  });

  it('notices a file that changes while it is packed', async () => {
    const directory = directoryOf();
    const place = temporaryDirectory();
    const onFile = (path: string): void =>
      void (path === 'bundle.json' && writeFileSync(join(directory, 'main.js'), '2'));

    await expect(packBundle(directory, { out: join(place, 'x.troupe'), onFile })).rejects.toMatchObject({
      code: 'BUNDLE_CHANGED',
      details: { entry: 'main.js' },
    });
    expect(readdirSync(place)).toEqual([]);
  });
});

describe('signBundle', () => {
  it('gives the same bytes as a signature at the packing', async () => {
    const directory = directoryOf();
    const [signed, later] = [await pack(directory, { key }), await pack(directory)];

    await signBundle(later.file, { key });
    await signBundle(later.file, { key });

    expect(readFileSync(later.file).equals(readFileSync(signed.file))).toBe(true);
  });

  it('keeps the digest, and the signatures of others', async () => {
    const { file, record } = await pack(directoryOf(), { key });
    const other = createSigningKey();

    const signed = await signBundle(file, { key: createPrivateKey(other.privateKey) });

    expect(signed.record).toEqual(record);
    expect(signed.signatures.map((each) => each.key).sort()).toEqual([pair.fingerprint, other.fingerprint].sort());
    await expect(verifyBundle(file, { clock, trust })).resolves.toMatchObject({ signer: { id: 'me' } });
  });

  it('refuses one signature more than the limit', async () => {
    const { file } = await pack(directoryOf(), { key });
    const other = createPrivateKey(createSigningKey().privateKey);

    await expect(signBundle(file, { key: other, limits: { maxSignatures: 1 } })).rejects.toMatchObject({
      code: 'BUNDLE_LIMIT_EXCEEDED',
    });
  });

  it('signs nothing that is damaged, and leaves it as it is', async () => {
    const file = join(temporaryDirectory(), 'x.troupe');
    const bytes = rawBundle(PLUGIN, [{ name: 'main.js', contents: 'console.log(2);\n' }]);
    writeFileSync(file, bytes);

    await expect(signBundle(file, { key })).rejects.toMatchObject({ code: 'BUNDLE_CORRUPT' });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('refuses a bundle that is not there', async () => {
    await expect(signBundle('/nowhere/x.troupe', { key })).rejects.toMatchObject({ code: 'BUNDLE_NOT_FOUND' });
  });
});

describe('verifyBundle', () => {
  it('does not wait for a pipe that nobody writes to', async () => {
    const pipe = join(temporaryDirectory(), 'x.troupe');
    execFileSync('mkfifo', [pipe]);

    await expect(verifyBundle(pipe, { clock })).rejects.toMatchObject({
      code: 'BUNDLE_NOT_FOUND',
      rawMessage: `bundle "${pipe}" is not a file`,
    });
  });

  it('notices a manifest that changes between the look at its name and version and that at its files', async () => {
    const directory = directoryOf();
    const signal = new AbortController().signal;
    // The reading asks for it before each file.
    Object.defineProperty(signal, 'aborted', {
      get: () => void layOut(directory, { 'plugin.json': manifest('2.0.0') }),
    });

    await expect(verifyBundle(directory, { clock, policy: 'off', signal })).rejects.toMatchObject({
      code: 'BUNDLE_CHANGED',
      details: { entry: 'plugin.json' },
    });
  });

  it('takes a bundle that a trusted key has signed, packed and unpacked', async () => {
    const { file } = await pack(directoryOf(), { key });
    const unpacked = unpack(file);

    for (const path of [file, unpacked]) {
      await expect(verifyBundle(path, { clock, trust })).resolves.toMatchObject({ signer: { id: 'me' }, warnings: [] });
    }
  });

  it('packs what was unpacked to the same bytes again', async () => {
    const { file } = await pack(directoryOf(), { key });

    const again = await pack(unpack(file));

    expect(readFileSync(again.file).equals(readFileSync(file))).toBe(true);
  });

  it.each<[string, (directory: string) => void, string]>([
    ['was edited', (at) => writeFileSync(join(at, 'main.js'), 'console.log(2);\n'), 'main.js'],
    ['has one file more', (at) => writeFileSync(join(at, 'more.js'), ''), 'more.js'],
    ['has one file less', (at) => void execFileSync('rm', [join(at, 'lib/deep/a.txt')]), 'lib/deep/a.txt'],
    ['can be executed', (at) => makeExecutable(join(at, 'main.js')), 'main.js'],
  ])('refuses an unpacked bundle that %s, and names the file', async (_, spoil, entry) => {
    const unpacked = unpack((await pack(directoryOf(), { key })).file);
    spoil(unpacked);

    await expect(verifyBundle(unpacked, { clock, trust })).rejects.toMatchObject({
      code: 'BUNDLE_CORRUPT',
      details: { entry },
    });
  });

  it('refuses one that is signed by somebody else (G-21)', async () => {
    const { file } = await pack(directoryOf(), { key: createPrivateKey(createSigningKey().privateKey) });

    await expect(verifyBundle(file, { clock, trust })).rejects.toMatchObject({ code: 'SIGNATURE_UNTRUSTED' });
    await expect(verifyBundle(file, { clock, trust, policy: 'warn' })).resolves.toMatchObject({ signer: undefined });
  });
});

// Helpers

function pack(directory: string, options: Parameters<typeof packBundle>[1] = {}): ReturnType<typeof packBundle> {
  return packBundle(directory, { out: join(temporaryDirectory(), 'x.troupe'), ...options });
}

/** By another program. */
function unpack(file: string): string {
  const directory = temporaryDirectory();
  execFileSync('python3', [
    '-c',
    'import sys,zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])',
    file,
    directory,
  ]);
  return directory;
}
