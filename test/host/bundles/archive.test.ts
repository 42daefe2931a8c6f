import { describe, expect, it } from 'vitest';
import { resolveBundleLimits } from '../../../src/host/bundles/index.ts';
import type { BundleLimits } from '../../../src/host/bundles/index.ts';
import { recordText } from '../../../src/host/bundles/record/bundle-record.ts';
import { openArchive } from '../../../src/host/bundles/source/open-archive.ts';
import { drain } from '../../../src/host/bundles/source/open-bundle.ts';
import { rawZip } from './raw-zip.ts';
import type { RawEntry, RawZipOptions } from './raw-zip.ts';
import { manifest, PLUGIN, rawBundle, recordOf } from './support.ts';

const EVIL: RawEntry = { name: 'evil.js', contents: 'evil' };
const OTHER = rawZip([{ name: 'bundle.json', contents: '{}' }, EVIL]);

describe('an archive', () => {
  it('that is right gives its record, its manifest and its files', async () => {
    const bundle = await open(rawBundle());

    expect(bundle).toMatchObject({ record: recordOf(PLUGIN), manifestText: manifest(), signatures: [] });
    await Promise.all(bundle.record.files.map((file) => drain(bundle.read(file))));
  });

  it('may hold directories, which are none of its files', async () => {
    const bundle = await open(
      rawBundle(PLUGIN, [
        { name: 'lib/', method: 0 },
        { name: 'empty/', method: 0 },
        { name: 'deflated/', method: 8 },
      ]),
    );

    expect(bundle.record.files).toHaveLength(3);
  });

  it.each<[string, Uint8Array | string]>([
    ['nothing', ''],
    ['a text', 'this is not a zip archive, and it is longer than 22 bytes'],
    ['the first half of one', rawBundle().subarray(0, 200)],
    ['one with bytes behind it', Buffer.concat([rawBundle(), Buffer.from('more')])],
  ])('is no archive when it is %s', async (_, bytes) => {
    await expect(open(Buffer.from(bytes))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });

  it.each<[string, RawEntry, string]>([
    ['leads out', { ...EVIL, name: '../evil.js' }, 'leads out'],
    ['is absolute', { ...EVIL, name: '/evil.js' }, 'absolute'],
    ['has a backslash', { ...EVIL, name: '..\\evil.js' }, 'backslash'],
    ['has a drive', { ...EVIL, name: 'C:evil.js' }, 'drive'],
    ['has a control character of 8 bits', { ...EVIL, name: 'a\u009b2Jb' }, 'control character'],
    ['has a zero byte', { ...EVIL, name: 'main.js\0.txt' }, 'zero byte'],
    ['is not UTF-8', { ...EVIL, name: Buffer.from([0x61, 0xff]) }, 'not UTF-8'],
    ['is in an old character set', { ...EVIL, name: Buffer.from([0x61, 0x81]), flags: 0 }, 'old character set'],
    ['is a link', { ...EVIL, mode: 0o120_777 }, 'is a link'],
    ['is a device', { ...EVIL, mode: 0o020_666 }, 'neither a file nor a directory'],
    ['is a pipe', { ...EVIL, mode: 0o010_666 }, 'neither a file nor a directory'],
    ['is a directory without a slash', { ...EVIL, mode: 0o040_755 }, 'neither a file nor a directory'],
    ['is a file with a slash', { ...EVIL, name: 'evil/', mode: 0o100_644 }, 'neither a file nor a directory'],
    ['is a directory with contents', { ...EVIL, name: 'evil/', method: 0 }, 'directory with contents'],
    ['is encrypted', { ...EVIL, flags: 0x0801 }, 'encrypted'],
    ['has a masked header', { ...EVIL, flags: 0x2800 }, 'encrypted'],
    ['is compressed in another way', { ...EVIL, method: 12 }, 'method 12'],
    ['has another name before its contents', { ...EVIL, localName: 'other.js' }, 'another one in the directory'],
    ['has a second name', { ...EVIL, extra: unicodePath('main.js') }, 'second name'],
    ['is a file in a file', { ...EVIL, name: 'main.js/x' }, 'file and a directory'],
    ['differs by case', { ...EVIL, name: 'MAIN.js' }, 'may be the same'],
    ['points to the contents of another', { ...EVIL, name: 'bundle.jso', contents: '', offset: 0 }, 'another one'],
  ])('is refused when an entry %s', async (_, entry, problem) => {
    const text = await open(rawBundle(PLUGIN, [entry])).catch(String);

    expect(text).toContain(problem);
    expect(text).toMatch(/\[BUNDLE_(ENTRY_REFUSED|INVALID)\]/);
  });

  it.each(['.git/config', 'bundle.troupe', 'node_modules/.bin/tsc', 'signatures/x'])(
    'is refused when it lists %s as a file of the plugin',
    async (name) => {
      await expect(open(rawBundle({ ...PLUGIN, [name]: '' }))).rejects.toMatchObject({
        code: 'BUNDLE_ENTRY_REFUSED',
        details: { entry: name },
      });
    },
  );

  it('is refused when 2 entries have 1 name (G-23)', async () => {
    const bytes = rawZip([
      { name: 'bundle.json', contents: recordText(recordOf(PLUGIN)) },
      ...Object.entries(PLUGIN).map(([name, contents]) => ({ name, contents })),
      { name: 'plugin.json', contents: manifest('2.0.0') },
    ]);

    await expect(open(bytes)).rejects.toMatchObject({
      code: 'BUNDLE_ENTRY_REFUSED',
      rawMessage: 'bundle holds "plugin.json", which is there twice',
      details: { entry: 'plugin.json' },
    });
  });

  it('is refused when entries share bytes', async () => {
    const first: RawEntry = { name: 'a', contents: 'x'.repeat(50), method: 0, declaredPacked: 80, declared: 80 };

    await expect(open(rawZip([first, { name: 'b', contents: 'y' }]))).rejects.toMatchObject({
      code: 'BUNDLE_ENTRY_REFUSED',
      rawMessage: expect.stringContaining('reaches into what comes behind it'),
    });
  });

  it.each<[string, Buffer, string]>([
    ['a text', Buffer.concat([Buffer.from('#!/bin/sh\n'), moved(rawBundle(), 10)]), 'before its first entry'],
    ['a text of 4 bytes', Buffer.concat([Buffer.from('#!/x'), moved(rawBundle(), 4)]), 'before its first entry'],
    ['another archive', Buffer.concat([OTHER, moved(rawBundle(), OTHER.length)]), 'before its first entry'],
    ['an archive whose comment it is', inCommentOf(OTHER, rawBundle()), 'before its first entry'],
  ])('is refused when %s stands before it, which readers from the start would find', async (_, bytes, problem) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
      rawMessage: `bundle has something ${problem}`,
    });
  });

  it.each(['PK\u0007\u0008', 'PK00'])('may begin with %j, as one that could have been split', async (mark) => {
    const bundle = await open(Buffer.concat([Buffer.from(mark), moved(rawBundle(), 4)]));

    expect(bundle.record.files).toHaveLength(3);
  });

  it('is refused when an entry that its directory does not list stands behind one that it lists', async () => {
    const bundle = rawBundle();
    const directory = bundle.readUInt32LE(bundle.length - 6);
    const unlisted = OTHER.subarray(0, OTHER.readUInt32LE(OTHER.length - 6));
    const bytes = Buffer.concat([bundle.subarray(0, directory), unlisted, bundle.subarray(directory)]);
    bytes.writeUInt32LE(directory + unlisted.length, bytes.length - 6);

    await expect(open(bytes)).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
      rawMessage: 'bundle has something behind its entry "lib/deep/a.txt"',
    });
  });

  it('may have the sizes of an entry behind it, in at most 24 bytes', async () => {
    const behind = (bytes: number): Buffer => {
      const entries = entriesOf().map((each) => ({ ...each, flags: 0x0808 }));
      const bundle = rawZip(entries);
      const directory = bundle.readUInt32LE(bundle.length - 6);
      const sizes = Buffer.alloc(bytes);
      const all = Buffer.concat([bundle.subarray(0, directory), sizes, bundle.subarray(directory)]);
      all.writeUInt32LE(directory + bytes, all.length - 6);
      return all;
    };

    await expect(open(behind(24))).resolves.toBeDefined();
    await expect(open(behind(25))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });

  it('is refused when "signatures" is a file, which no digest covers', async () => {
    const bytes = rawBundle(PLUGIN, [{ name: 'signatures', contents: 'hidden' }]);

    await expect(open(bytes)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it.each<[string, RawZipOptions]>([
    ['something between its directory and its end', { between: Buffer.from('hidden') }],
    ['76 bytes there that are no end of a ZIP64 archive', { between: Buffer.alloc(76, 1) }],
    ['fewer entries than it lists', { entryCount: 3 }],
    ['more entries than it lists', { entryCount: 6 }],
    ['a directory beyond its end', { directoryOffset: 0x7fff_ffff }],
  ])('is refused when it has %s', async (_, options) => {
    await expect(open(rawZip(entriesOf(), options))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });

  it('may have a comment', async () => {
    await expect(open(rawZip(entriesOf(), { comment: 'hello' }))).resolves.toBeDefined();
  });

  it('is refused, and the process goes on, when it points beyond all numbers (ZIP64)', async () => {
    const locator = Buffer.alloc(20, 0xff);
    locator.writeUInt32LE(0x07064b50, 0);

    await expect(open(rawZip(entriesOf(), { between: locator }))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });
});

describe('a bomb', () => {
  const zeros = Buffer.alloc(4 * 1024 * 1024);

  it.each<[string, BundleLimits, RawEntry, string]>([
    ['declares too many bytes', { maxEntryBytes: 100 }, { name: 'a', declared: 101 }, '(maxEntryBytes)'],
    ['declares 4 GiB', {}, { name: 'a', declared: 0xffff_fffe }, '(maxEntryBytes)'],
    ['unpacks 1 byte to 1,000', {}, { name: 'a', contents: zeros }, '(maxRatio)'],
    ['makes the sum too large', { maxTotalBytes: 1000 }, { name: 'a', contents: 'x'.repeat(900) }, '(maxTotalBytes)'],
    [
      'is 1 entry too much',
      { maxEntries: 5 },
      { name: 'a' },
      'has 6 files and directories or more, more than 5 (maxEntries)',
    ],
    ['is 1 folder too much', { maxEntries: 6 }, { name: 'a/b' }, 'has 7 files and directories or more'],
    ['has 1,000 entries', { maxEntries: 1 }, { name: 'a' }, '(maxEntries)'],
    ['is a large archive', { maxArchiveBytes: 100 }, { name: 'a' }, '(maxArchiveBytes)'],
  ])('that %s is refused before anything is unpacked', async (_, limits, entry, text) => {
    await expect(open(rawBundle(PLUGIN, [entry]), limits)).rejects.toMatchObject({
      code: 'BUNDLE_LIMIT_EXCEEDED',
      rawMessage: expect.stringContaining(text),
    });
  });

  it('that declares 5 bytes and has 4 MiB ends after the first of them', async () => {
    const tree = { ...PLUGIN, 'bomb.bin': 'small' };
    const bundle = await open(rawBundle(tree, [{ name: 'bomb.bin', contents: zeros, declared: 5 }]));
    const file = bundle.record.files.find(({ path }) => path === 'bomb.bin');

    await expect(drain(bundle.read(file as never))).rejects.toMatchObject({
      code: 'BUNDLE_CORRUPT',
      details: { entry: 'bomb.bin' },
    });
  });

  it('of a manifest is refused by its size (G-23)', async () => {
    const tree = { ...PLUGIN, 'plugin.json': ' '.repeat(300_000) };

    await expect(open(rawBundle(tree))).rejects.toMatchObject({
      code: 'BUNDLE_LIMIT_EXCEEDED',
      details: { limit: 'maxManifestBytes', allowed: 262_144, entry: 'plugin.json' },
    });
  });

  it.each<[string, BundleLimits, readonly RawEntry[], string]>([
    ['record', { maxRecordBytes: 100 }, [], 'maxRecordBytes'],
    ['signature', {}, [{ name: 'signatures/a.json', contents: 'x'.repeat(5000) }], 'maxSignatureBytes'],
    [
      'number of signatures',
      { maxSignatures: 1 },
      [{ name: 'signatures/a' }, { name: 'signatures/b' }],
      'maxSignatures',
    ],
  ])('of a %s is refused', async (_, limits, entries, limit) => {
    await expect(open(rawBundle(PLUGIN, entries), limits)).rejects.toMatchObject({
      code: 'BUNDLE_LIMIT_EXCEEDED',
      details: { limit },
    });
  });
});

describe('a record and its archive', () => {
  it.each<[string, Uint8Array, string, string]>([
    ['no record', rawZip([{ name: 'plugin.json', contents: manifest() }]), 'BUNDLE_INVALID', 'has no bundle.json'],
    [
      'a file that is not listed',
      rawBundle(PLUGIN, [EVIL]),
      'BUNDLE_INVALID',
      '"evil.js" is in the archive and not in',
    ],
    [
      'a file that is missing',
      rawBundle(PLUGIN, [], recordOf({ ...PLUGIN, x: '' })),
      'BUNDLE_INVALID',
      '"x" is in bundle',
    ],
    [
      'a file of another length',
      rawBundle(PLUGIN, [{ name: 'main.js', contents: '' }]),
      'BUNDLE_CORRUPT',
      '"main.js" has 0',
    ],
    [
      'another digest',
      rawBundle(PLUGIN, [], recordOf(PLUGIN, { digest: 'a'.repeat(64) })),
      'BUNDLE_INVALID',
      'has not the',
    ],
    ['another version', rawBundle(PLUGIN, [], named({ version: '9.0.0' })), 'BUNDLE_INVALID', 'greeter 9.0.0 by its'],
    ['another name', rawBundle(PLUGIN, [], named({ name: 'other' })), 'BUNDLE_INVALID', 'other 1.0.0 by its'],
    [
      'another manifest',
      rawBundle(PLUGIN, [], named({ manifest: 'plugin.yaml' })),
      'BUNDLE_INVALID',
      'names plugin.yaml',
    ],
    ['no manifest', rawBundle({ 'main.js': '' }), 'MANIFEST_NOT_FOUND', 'has neither plugin.yaml nor plugin.json'],
    ['2 manifests', rawBundle({ ...PLUGIN, 'plugin.yaml': 'a' }), 'BUNDLE_INVALID', 'only one of them'],
    [
      'a bad manifest',
      rawBundle({ ...PLUGIN, 'plugin.json': '{}' }),
      'MANIFEST_INVALID',
      'bundle: plugin.json has 5 problems',
    ],
    ['no main file', rawBundle({ 'plugin.json': manifest() }), 'BUNDLE_INVALID', 'names "./main.js" in run.node'],
    [
      'a record that is no JSON',
      rawBundle(PLUGIN, [{ name: 'bundle.json', contents: 'x' }]),
      'BUNDLE_INVALID',
      'not JSON',
    ],
    ['a record that is none', rawBundle(PLUGIN, [{ name: 'bundle.json', contents: '{}' }]), 'BUNDLE_INVALID', 'format'],
  ])('are refused with %s', async (_, bytes, code, text) => {
    await expect(open(bytes)).rejects.toMatchObject({ code, rawMessage: expect.stringContaining(text) });
  });

  it('with other contents of the same length are refused when the file is read', async () => {
    const bundle = await open(rawBundle(PLUGIN, [{ name: 'main.js', contents: 'console.log(2);\n' }]));
    const file = bundle.record.files.find(({ path }) => path === 'main.js');

    await expect(drain(bundle.read(file as never))).rejects.toMatchObject({
      code: 'BUNDLE_CORRUPT',
      rawMessage: 'bundle: "main.js" has other contents',
    });
  });

  it.each<[string, object]>([
    ['an unknown key', { more: 1 }],
    ['files out of order', { files: [...recordOf(PLUGIN).files].reverse() }],
    ['a file twice', { files: recordOf(PLUGIN).files.flatMap((file) => [file, file]) }],
    ['a newer format', { format: 'troupe.bundle/v2' }],
  ])('are refused when the record has %s', async (_, changed) => {
    const contents = JSON.stringify({ ...recordOf(PLUGIN), ...changed });

    await expect(open(rawBundle(PLUGIN, [{ name: 'bundle.json', contents }]))).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
    });
  });

  it.each<[string, object]>([
    ['a program outside', { node: '../main.js' }],
    ['a program of the machine as its own', { node: '/main.js' }],
    ['a working directory outside', { node: './main.js', cwd: '..' }],
    ['a command outside', { node: undefined, command: './a/../../kv' }],
  ])('are refused when the manifest names %s', async (_, run) => {
    const text = JSON.stringify({ ...(JSON.parse(manifest()) as object), run });

    await expect(open(rawBundle({ ...PLUGIN, 'plugin.json': text }))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });
});

// Helpers

function open(bytes: Uint8Array, limits: BundleLimits = {}): ReturnType<typeof openArchive> {
  return openArchive('bundle', { bytes }, resolveBundleLimits(limits));
}

function entriesOf(): readonly RawEntry[] {
  return [
    { name: 'bundle.json', contents: recordText(recordOf(PLUGIN)) },
    ...Object.entries(PLUGIN).map(([name, contents]) => ({ name, contents })),
  ];
}

function named(facts: Parameters<typeof recordOf>[2]): ReturnType<typeof recordOf> {
  return recordOf(PLUGIN, {}, facts);
}

/** An archive that stands behind so many bytes. */
function moved(archive: Buffer, by: number): Buffer {
  const bytes = Buffer.from(archive);
  const end = bytes.length - 22;
  const directory = bytes.readUInt32LE(end + 16);
  bytes.writeUInt32LE(directory + by, end + 16);
  for (let at = directory; at < end; at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30)) {
    bytes.writeUInt32LE(bytes.readUInt32LE(at + 42) + by, at + 42);
  }
  return bytes;
}

/** An archive in the comment of another one: which of the two is read depends on who reads. */
function inCommentOf(outer: Buffer, archive: Buffer): Buffer {
  const bytes = Buffer.concat([outer, moved(archive, outer.length)]);
  bytes.writeUInt16LE(archive.length, outer.length - 2);
  return bytes;
}

/** An Info-ZIP extra field with another name; its checksum is that of `evil.js`. */
function unicodePath(name: string): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + name.length, 2);
  field[4] = 1;
  return Buffer.concat([field, Buffer.from(name)]);
}
