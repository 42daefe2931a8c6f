import { fc } from '@fast-check/vitest';
import { changed, FULLEST } from '../../test/host/manifest/support.ts';
import { editedText } from './edited-text.ts';

const ODD_VALUES: readonly unknown[] = [
  null,
  '',
  ' ',
  'x',
  0,
  -1,
  1.5,
  1e308,
  true,
  [],
  {},
  [[]],
  [null],
  { a: 1 },
  '__proto__',
];

/** Paths of everything in a value: `events/subscribe/0`. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = prefix === '' ? key : `${prefix}/${key}`;
    return [path, ...pathsOf(inner, path)];
  });
}

/** The fullest manifest with some values replaced or removed: often wrong, in ways that a person may be. */
export function editedManifest(): fc.Arbitrary<unknown> {
  const value = fc.oneof(fc.constantFrom(...ODD_VALUES), fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined));
  const edit = fc.tuple(fc.constantFrom(...pathsOf(FULLEST), '__proto__', 'constructor', 'colour'), value);
  return fc.array(edit, { minLength: 0, maxLength: 5 }).map((edits) =>
    edits.reduce<unknown>((manifest, [path, to]) => {
      try {
        return changed(manifest, path, to);
      } catch {
        return manifest; // an edit before has removed what this one is within
      }
    }, FULLEST),
  );
}

/** The text of such a manifest, edited further: often no YAML and no JSON. */
export function manifestText(): fc.Arbitrary<string> {
  return fc.oneof(
    editedManifest().chain((manifest) => editedText([JSON.stringify(manifest) ?? ''])),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      '&a [*a]',
      '? : ?',
      '%YAML 9.9',
      '!!js/function x',
      '<<: *x',
      '- - - -',
      '{<<: {a: 1}}',
      '"\\ud800"',
    ),
  );
}
