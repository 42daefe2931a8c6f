import { fc } from '@fast-check/vitest';

/** Changes one thing in a text. */
type Edit = (text: string) => string;

const ODD_CHARACTERS = [
  '\0',
  '\t',
  '\r',
  '\n',
  '\u001b[2J',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\udc00',
  'ä',
  '｜',
  '𐍈',
  '"',
  '\\',
  '|',
  '%',
  '=',
  '__proto__',
];
const ODD_NUMBERS = ['', '0', '-1', '01', '1.5', '1e9', '2', '65536', '4294967296', '99999999999999999999', 'NaN', '١'];
const SEPARATORS = ['|', '\n', ',', ':', '/'];
const LONGEST = 200_000;

/** One of the captures with up to four things changed: cut, repeated, spliced, other numbers, other order, nested … */
export function editedText(captures: readonly string[]): fc.Arbitrary<string> {
  const edits = fc.array(editOf(captures), { maxLength: 4 });
  return fc
    .tuple(fc.constantFrom(...captures), edits)
    .map(([capture, changes]) => changes.reduce((text, change) => change(text), capture).slice(0, LONGEST));
}

function editOf(captures: readonly string[]): fc.Arbitrary<Edit> {
  // Not a double: those of fast-check are nearly all next to 0.
  const where = fc.nat(10_000).map((share) => share / 10_000);
  const length = fc.oneof({ weight: 4, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(400) });
  const times = fc.oneof({ weight: 15, arbitrary: fc.integer({ min: 2, max: 4 }) }, fc.constantFrom(300, 70_000));
  const text = fc.oneof(fc.constantFrom(...ODD_CHARACTERS), fc.string({ unit: 'binary', maxLength: 8 }));
  return fc.oneof(
    fc.tuple(where, length, text).map(
      ([at, cut, put]) =>
        (old: string) =>
          replaced(old, at, cut, put),
    ),
    fc.tuple(where, length, times).map(
      ([at, cut, count]) =>
        (old: string) =>
          repeated(old, at, cut, count),
    ),
    where.map((at) => (old: string) => old.slice(0, indexAt(old, at))),
    fc.tuple(where, where, fc.constantFrom(...captures)).map(
      ([at, from, other]) =>
        (old: string) =>
          old.slice(0, indexAt(old, at)) + other.slice(indexAt(other, from)),
    ),
    fc.tuple(where, fc.constantFrom(...ODD_NUMBERS)).map(
      ([at, number]) =>
        (old: string) =>
          oneMatch(old, /\d+/g, at, () => number),
    ),
    fc.tuple(where, fc.integer({ min: 1, max: 40 }), fc.boolean()).map(
      ([at, depth, list]) =>
        (old: string) =>
          oneMatch(old, /"[^"\n]*"|\d+/g, at, (it) => nested(it, depth, list)),
    ),
    fc.tuple(fc.constantFrom(...SEPARATORS), where, where).map(
      ([separator, one, other]) =>
        (old: string) =>
          swapped(old, separator, one, other),
    ),
  );
}

function indexAt({ length }: string, at: number): number {
  return Math.floor(at * length);
}

function replaced(text: string, at: number, length: number, put: string): string {
  const start = indexAt(text, at);
  return text.slice(0, start) + put + text.slice(start + length);
}

function repeated(text: string, at: number, length: number, times: number): string {
  const start = indexAt(text, at);
  const part = text.slice(start, start + length);
  return text.slice(0, start) + part.repeat(Math.min(times, Math.ceil(LONGEST / (length + 1)))) + text.slice(start);
}

/** Replaces one of the matches. */
function oneMatch(text: string, pattern: RegExp, at: number, replacement: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  const match = matches[Math.min(matches.length - 1, Math.floor(at * matches.length))];
  if (match === undefined) return text;
  return text.slice(0, match.index) + replacement(match[0]) + text.slice(match.index + match[0].length);
}

function nested(value: string, depth: number, list: boolean): string {
  return list ? '['.repeat(depth) + value + ']'.repeat(depth) : '{"a":'.repeat(depth) + value + '}'.repeat(depth);
}

function swapped(text: string, separator: string, one: number, other: number): string {
  const fields = text.split(separator);
  const [i, j] = [one, other].map((at) => Math.min(fields.length - 1, Math.floor(at * fields.length))) as [
    number,
    number,
  ];
  [fields[i], fields[j]] = [fields[j] ?? '', fields[i] ?? ''];
  return fields.join(separator);
}
