import { fc } from '@fast-check/vitest';

/** Bytes, so many times. */
export interface FileContents {
  readonly bytes: Uint8Array;
  readonly times: number;
}

/** A file of a plugin. */
export interface BundleTreeFile {
  readonly contents: FileContents;
  readonly isExecutable: boolean;
}

// Names that sort differently by bytes, by UTF-16 units and by language, and such as tools treat in special ways.
const name = fc.oneof(
  fc.constantFrom(
    'a',
    'b c',
    'é',
    '\u{ff5e}',
    '\u{1f600}',
    'build.json',
    '-',
    '.env',
    '..a',
    'xx:y',
    'con',
    '__proto__',
    '%2e%2e',
  ),
  fc.stringMatching(/^[a-z0-9_-]{1,12}$/),
);

// Repetitive ones are longer than a chunk, and are shown by their length.
const contents = fc.oneof(
  { weight: 7, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes): FileContents => ({ bytes, times: 1 })) },
  { weight: 1, arbitrary: fc.constant<FileContents>({ bytes: Buffer.from('repeated '), times: 60_000 }) },
);

/** Files by path, below the directory of a plugin; none of them is a file and a directory, or the same in another case. */
export function bundleTree(): fc.Arbitrary<ReadonlyMap<string, BundleTreeFile>> {
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const file = fc.record({ contents, isExecutable: fc.boolean() });
  return fc
    .uniqueArray(fc.tuple(path, file), { selector: ([each]) => each.toLowerCase(), maxLength: 3 })
    .map((files) => new Map(files.filter(([each]) => !files.some(([other]) => other.startsWith(`${each}/`)))));
}
