import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { isRuntimeError } from '../../src/errors/index.ts';
import { rawBundle, recordOf } from '../../test/host/bundles/support.ts';
import type { RawEntry } from '../../test/host/bundles/raw-zip.ts';
import { inDirectory, snapshot, storeAt } from './support.ts';

const PLUGIN = {
  'plugin.json': JSON.stringify({
    apiVersion: 'troupe.plugin/v1',
    name: 'greeter',
    version: '1.0.0',
    kinds: ['operations'],
    run: { node: 'main.js' },
  }),
  'main.js': '1',
};

const part = fc.constantFrom(
  '..',
  '.',
  '',
  'a',
  'A',
  'b',
  '~',
  'C:',
  'main.js',
  'plugin.json',
  'signatures',
  '%2e%2e',
  '...',
  'é',
  'e\u0301',
);
const separator = fc.constantFrom('/', '/', '/', '\\', '//', '\0', '\u2215', '\uff0f');
const hostileName = fc
  .tuple(
    fc.constantFrom('', '/', '../', '\\', 'C:\\', '//'),
    fc.array(fc.tuple(part, separator), { minLength: 1, maxLength: 5 }),
  )
  .map(([start, parts]) => start + parts.map(([name, slash], index) => (index === 0 ? name : slash + name)).join(''));
const plainName = fc
  .array(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const anyName = fc.oneof(hostileName, plainName);
const mode = fc.oneof(fc.constantFrom(0o120_777, 0o040_755), {
  weight: 4,
  arbitrary: fc.constantFrom(0o100_644, 0, 0o100_755),
});

let accepted = 0;
let refused = 0;

describe('entries of any names', () => {
  test.prop([fc.array(fc.tuple(anyName, mode), { minLength: 1, maxLength: 3 }), fc.boolean()])(
    'are written below the directory of their plugin, or not at all',
    async (names, isListed) => {
      await inDirectory(async (place) => {
        // Deep enough that the way out leads to a place that is looked at.
        const root = join(place, 'a/b/c/d/e/f/store');
        mkdirSync(root, { recursive: true, mode: 0o700 });
        const entries = names.map(([name, bits]) => ({ name, contents: 'evil', mode: bits }));

        const staged = await stage(root, archiveOf(entries, isListed));

        const written = [...snapshot(place).keys()];
        const allowed = staged === undefined ? [] : [`${staged}/bundle.json`, `${staged}/plugin/greeter/`];
        expect(
          written.filter((path) => !allowed.some((start) => path.startsWith(`a/b/c/d/e/f/store/${start}`))),
        ).toEqual([]);
        if (staged !== undefined) expect(names.map(([name]) => name).filter((name) => !isPlain(name))).toEqual([]);
        if (staged === undefined) refused += 1;
        else accepted += 1;
      });
    },
  );

  test('above were taken and refused, so that the property says something', () => {
    expect({ accepted: accepted > 0, refused: refused > 0 }).toEqual({ accepted: true, refused: true });
  });
});

// Helpers

/** One path below a directory, on every operating system. */
function isPlain(name: string): boolean {
  const path = name.replace(/\/$/, '');
  return posix.normalize(path) === path && !/^\/|^\.\.|\\|\0|^[A-Z]:|\.$/.test(path);
}

/** With the names in its record, as a liar would have it, or without. */
function archiveOf(entries: readonly RawEntry[], isListed: boolean): Buffer {
  const names = entries.map(({ name }) => [String(name), 'evil']);
  return rawBundle(
    PLUGIN,
    entries,
    isListed ? recordOf({ ...PLUGIN, ...Object.fromEntries(names) }) : recordOf(PLUGIN),
  );
}

/** The digest; undefined when it was refused. */
async function stage(root: string, bytes: Uint8Array): Promise<string | undefined> {
  try {
    return (await storeAt(root).stage({ kind: 'bytes', bytes }, { policy: 'off' })).digest;
  } catch (error) {
    if (!isRuntimeError(error)) throw error;
    return undefined;
  }
}
