import { createHash, createPrivateKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { beforeAll, describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createSigningKey, packBundle } from '../../src/host/bundles/index.ts';
import type { BundleRecord } from '../../src/host/bundles/index.ts';
import { recordText } from '../../src/host/bundles/record/bundle-record.ts';
import { signaturePath, signatureText } from '../../src/host/bundles/signing/signature-file.ts';
import { rawZip } from '../../test/host/bundles/raw-zip.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';
import { inDirectory, layOutPlugin, snapshot, storeAt } from './support.ts';

const pair = createSigningKey();
const trust = { keys: [{ id: 'me', publicKey: pair.publicKey }] };
let bundle: Buffer;
/** The same without compression: there a byte that is another is still a text. */
let stored: Buffer;
let installed: ReadonlyMap<string, string>;
let record: BundleRecord;
let files: readonly { readonly name: string; readonly contents: Buffer }[];

beforeAll(async () => {
  await inDirectory(async (place) => {
    const source = join(place, 'source');
    mkdirSync(source);
    // As random as it gets: it cannot be compressed, and nothing notices a change but its hash.
    const noise = Buffer.concat(
      Array.from({ length: 40 }, (_, index) => createHash('sha256').update(`${index}`).digest()),
    );
    layOutPlugin(source, new Map([['lib/noise', { contents: { bytes: noise, times: 1 }, isExecutable: true }]]));
    const key = createPrivateKey(pair.privateKey);
    const packed = await packBundle(source, { out: join(place, 'x.troupe'), key });
    const { signatures } = packed;
    record = packed.record;
    bundle = readFileSync(packed.file);
    files = record.files.map(({ path }) => ({ name: path, contents: readFileSync(join(source, path)) }));
    stored = rawZip(
      [
        { name: 'bundle.json', contents: recordText(record) },
        ...signatures.map((each) => ({ name: signaturePath(each), contents: signatureText(each) })),
        ...files,
      ].map((entry) => ({ ...entry, method: 0 })),
    );
    installed = (await install(place, bundle, 'required')) ?? new Map();
  });
});

const place = fc.oneof(
  fc.nat(),
  fc.nat({ max: 2_000 }),
  fc.nat({ max: 600 }).map((fromEnd) => -1 - fromEnd),
);

describe('a signed bundle', () => {
  test.prop([place, fc.integer({ min: 1, max: 255 }), fc.constantFrom('required', 'off'), fc.boolean()])(
    'with 1 byte that is another is refused, or changes nothing of what is installed',
    async (where, change, policy, isStored) => {
      const spoilt = Buffer.from(isStored ? stored : bundle);
      const at = ((where % spoilt.length) + spoilt.length) % spoilt.length;
      spoilt[at] = (spoilt[at] ?? 0) ^ change;

      await inDirectory(async (directory) => {
        const now = await install(directory, spoilt, policy as 'required' | 'off');
        if (now !== undefined)
          expect(now).toEqual(policy === 'required' ? installed : withSignaturesOf(now, installed));
      });
    },
  );

  test.prop([fc.nat(), fc.integer({ min: 1, max: 15 })])(
    'with 1 digit of its record that is another is refused',
    async (which, change) => {
      const text = recordText(record);
      const digits = [...text.matchAll(/[0-9a-f](?=[0-9a-f]*")/g)].map(({ index }) => index);
      const at = digits[which % digits.length] ?? 0;
      const digit = ((Number.parseInt(text.charAt(at), 16) + change) % 16).toString(16);
      const contents = text.slice(0, at) + digit + text.slice(at + 1);
      fc.pre(contents !== text);

      await inDirectory(async (directory) => {
        expect(await install(directory, rawZip([{ name: 'bundle.json', contents }, ...files]), 'off')).toBeUndefined();
      });
    },
  );

  it('is installed alike with and without compression', async () => {
    await inDirectory(async (directory) => {
      expect(await install(directory, stored, 'required')).toEqual(installed);
      expect(installed.size).toBe(5);
    });
  });

  test.prop([fc.nat()])('that ends too early is refused', async (length) => {
    await inDirectory(async (directory) => {
      expect(await install(directory, bundle.subarray(0, length % bundle.length), 'off')).toBeUndefined();
    });
  });

  test.prop([fc.constant(undefined).chain(() => editedBytes([bundle, stored]))])(
    'that was edited in any way is refused by a code, or is the same',
    async (bytes) => {
      await inDirectory(async (place) => {
        const now = await install(place, bytes, 'required');
        if (now !== undefined) expect(now).toEqual(installed);
      });
    },
  );
});

// Helpers

/** What is in the store then; undefined when it was refused, and then nothing is. */
async function install(
  place: string,
  bytes: Uint8Array,
  policy: 'required' | 'off',
): Promise<ReadonlyMap<string, string> | undefined> {
  const root = join(place, 'store');
  const failure = await storeAt(root, { trust })
    .stage({ kind: 'bytes', bytes }, { policy })
    .then(() => undefined, RuntimeError.from);
  const names = failure === undefined ? [] : readdirSync(root);
  expect({ code: failure?.code ?? 'BUNDLE_', names }).toEqual({
    code: expect.stringMatching(/^(BUNDLE|SIGNATURE|MANIFEST)_/),
    names: [],
  });
  return failure === undefined ? snapshot(root) : undefined;
}

/** Where nobody looks at signatures, they may be damaged, and are kept as they are. */
function withSignaturesOf(
  now: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    [...before].map(([path, contents]) => [path, path.includes('/signatures/') ? (now.get(path) ?? '') : contents]),
  );
}
