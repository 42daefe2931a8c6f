import { describe, expect, it } from 'vitest';
import {
  createRecord,
  digestOf,
  isRecordLike,
  parseRecord,
  recordText,
} from '../../../src/host/bundles/record/bundle-record.ts';
import { checkRuntime, platformOf, runtimeFacts } from '../../../src/host/bundles/record/runtime-facts.ts';
import { PLUGIN, recordOf } from './support.ts';

describe('the digest of a record', () => {
  const record = recordOf(PLUGIN);

  it('is the same for ever', () => {
    expect(record.digest).toBe('8ddc0a32e11bd0a3dc2d43ebde7045050efa2848b5abecc3d46bc3b537867e13');
  });

  it.each<[string, object]>([
    ['name', { name: 'other' }],
    ['version', { version: '1.0.1' }],
    ['manifest', { manifest: 'plugin.yaml' }],
    ['Node.js', { runtime: { ...record.runtime, node: '>=24' } }],
    ['platform', { runtime: { ...record.runtime, platforms: ['linux-x64'] } }],
    ['modules', { runtime: { ...record.runtime, modules: '137' } }],
    ['path', { files: record.files.map((file, index) => (index === 0 ? { ...file, path: 'lib/deep/b.txt' } : file)) }],
    ['length', { files: record.files.map((file, index) => (index === 0 ? { ...file, bytes: 2 } : file)) }],
    [
      'contents',
      { files: record.files.map((file, index) => (index === 0 ? { ...file, sha256: 'a'.repeat(64) } : file)) },
    ],
    ['right to be executed', { files: record.files.map((file) => ({ ...file, executable: true })) }],
    ['number of files', { files: record.files.slice(1) }],
  ])('changes with the %s', (_, changed) => {
    expect(digestOf({ ...record, ...changed })).not.toBe(record.digest);
  });

  it('does not depend on the order in which the files are given', () => {
    expect(createRecord({ ...record, files: [...record.files].reverse() })).toEqual(record);
  });

  it('is of the text that is read back, whatever its spaces', () => {
    const text = recordText(record);

    expect(parseRecord('bundle', Buffer.from(text))).toEqual(record);
    expect(parseRecord('bundle', Buffer.from(JSON.stringify(JSON.parse(text))))).toEqual(record);
    expect(isRecordLike(text)).toBe(true);
    expect(isRecordLike('{"name": "my own bundle.json"}')).toBe(false);
  });
});

describe('parseRecord', () => {
  const tree = { ...PLUGIN, 'a "quoted": name': 'x' };

  it('reads names with quotes and colons in them', () => {
    const record = recordOf(tree);

    expect(parseRecord('bundle', Buffer.from(recordText(record)))).toEqual(record);
  });

  it.each<[string, string, string]>([
    ['of the record', '"name": "greeter"', '"name": "other", "name": "greeter"'],
    ['of what it needs', '"node": ">=22"', '"node": ">=99", "node": ">=22"'],
    ['of 1 of its files', '"bytes": 1,', '"bytes": 2, "bytes": 1,'],
    ['that every object has', '"format":', '"__proto__": 1, "format":'],
  ])('refuses a key that stands there twice, or that nobody reads: one %s', (_, from, to) => {
    const text = recordText(recordOf(tree)).replace(from, to);

    expect(() => parseRecord('bundle', Buffer.from(text))).toThrow('[BUNDLE_INVALID] bundle has a bundle.json that');
  });
});

describe('platformOf', () => {
  it.each<[string, readonly number[], string | undefined]>([
    ['ELF for x64', elf(62), 'linux-x64'],
    ['ELF for arm64', elf(183), 'linux-arm64'],
    ['ELF for s390x, bytes in the other order', elf(22, 2), 'linux-s390x'],
    ['ELF for a machine that nobody knows', elf(9999), undefined],
    ['Mach-O for arm64', macho(0x0100_000c), 'darwin-arm64'],
    ['a text', [...Buffer.from('#!/usr/bin/env node\n')], undefined],
    ['a short file', [0x7f, 0x45, 0x4c, 0x46], undefined],
  ])('knows %s', (_, bytes, platform) => {
    expect(platformOf(Uint8Array.from(bytes))).toBe(platform);
  });
});

describe('checkRuntime', () => {
  it('says nothing where a bundle fits', () => {
    expect(checkRuntime('bundle', runtimeFacts([`${process.platform}-${process.arch}`, 'darwin-x64'], true))).toEqual(
      [],
    );
    expect(runtimeFacts([], false)).toEqual({ node: '>=22.22.0', platforms: [] });
  });

  it('warns of programs for other machines, and of addons for another Node.js', () => {
    const warnings = checkRuntime('bundle', { node: '*', platforms: ['plan9-pdp11'], modules: '1' });

    expect(warnings).toEqual([
      `it holds programs for plan9-pdp11, and this is ${process.platform}-${process.arch}`,
      `its addons were packed with Node.js modules 1, and this has ${process.versions.modules}`,
    ]);
  });

  it('refuses what needs another Node.js', () => {
    expect(() => checkRuntime('bundle "kv"', { node: '>=99', platforms: [] })).toThrow(
      `[BUNDLE_RUNTIME_UNSUPPORTED] bundle "kv" needs Node.js >=99, and this is ${process.version}`,
    );
  });
});

// Helpers

function elf(machine: number, order = 1): readonly number[] {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(0x7f45_4c46, 0);
  head[5] = order;
  if (order === 1) head.writeUInt16LE(machine, 18);
  else head.writeUInt16BE(machine, 18);
  return [...head];
}

function macho(machine: number): readonly number[] {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(0xfeed_facf, 0);
  head.writeUInt32LE(machine, 4);
  return [...head];
}
