// The text of a manifest as plain values, and where in the file each of them stands.

import { Lexer, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { NodeIndex, repeatedKeys } from './node-index.ts';

/** Where something is: names of keys and indexes of lists, from the top. */
export type ValuePath = readonly PropertyKey[];

/** One thing that is wrong with a manifest. */
export interface ManifestProblem {
  /** `events.subscribe[0]`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
  /** Line in the file, from 1; undefined when nobody can tell. */
  readonly line: number | undefined;
  /** Column in the line, from 1. */
  readonly column: number | undefined;
}

/** A text that was read: either its value or what is wrong with it. */
export type ManifestSource =
  | { readonly value: unknown; readonly place: (path: ValuePath) => Place }
  | { readonly problems: readonly ManifestProblem[] };

/** A position in a file. */
export type Place = Pick<ManifestProblem, 'line' | 'column'>;

/** Levels of mappings and lists within each other; more are a mistake, or worse. */
export const DEEPEST = 64;
/** Parts of the longest text, as the parser counts them: it takes a millisecond for a hundred of them, or two. */
export const MOST_TOKENS = 100_000;

const TOO_DEEP = `is nested more than ${DEEPEST} levels deep`;
const KEY_TWICE = 'has a key twice';
/** What V8 says. */
const STACK_EXHAUSTED = 'Maximum call stack size exceeded';
const NOWHERE: Place = { line: undefined, column: undefined };

/** Reads YAML 1.2, or JSON. Never throws. */
export function readSource(text: string, format: 'yaml' | 'json'): ManifestSource {
  try {
    if (hasTooMany(text)) return failed(`has more than ${MOST_TOKENS} words, marks, spaces and line ends`);
    const source = format === 'json' ? readJson(text) : readYaml(text);
    if ('value' in source && isTooDeep(source.value)) return failed(TOO_DEEP);
    return source;
  } catch (error) {
    // The parsers recurse: a text of nothing but brackets exhausts their stack.
    return failed(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readYaml(text: string): ManifestSource {
  const { document, placeAt, repeated } = parsed(text);
  // The parser catches what exhausts its stack, and then has an error for each level.
  if (document.errors.some(({ message }) => message.includes(STACK_EXHAUSTED))) return failed(TOO_DEEP);
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ message, pos }) => ({ path: '', message, ...placeAt(pos[0]) })) };
  }
  if (repeated.length > 0) return { problems: repeated.map((place) => ({ path: '', message: KEY_TWICE, ...place })) };
  // Throws for an alias without an anchor, and for one that would grow without limit.
  const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
  return { value, place: placesIn(document, placeAt) };
}

function readJson(text: string): ManifestSource {
  const unmarked = text.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(unmarked);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      problems: [{ path: '', message: `is not valid JSON: ${message}`, ...placeOfSyntaxError(message, unmarked) }],
    };
  }
  // JSON is YAML but for its oddest strings: the positions come from there, and so do keys that stand twice.
  const { document, placeAt, repeated } = parsed(unmarked);
  if (repeated.length > 0) return { problems: repeated.map((place) => ({ path: '', message: KEY_TWICE, ...place })) };
  return { value, place: document.errors.length > 0 ? () => NOWHERE : placesIn(document, placeAt) };
}

type PlaceAt = (offset: number) => Place;

/** `repeated`: where keys stand for the second time in their mapping, in the order of the file. */
function parsed(text: string): {
  readonly document: Document;
  readonly placeAt: PlaceAt;
  readonly repeated: readonly Place[];
} {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true, uniqueKeys: false });
  const placeAt: PlaceAt = (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const repeated = [...repeatedKeys(document)].sort((a, b) => a - b).map(placeAt);
  return { document, placeAt, repeated };
}

function placesIn(document: Document, placeAt: PlaceAt): (path: ValuePath) => Place {
  const index = new NodeIndex(document);
  return (path) => placeAt(index.offsetOf(path));
}

/** V8 tells where, except when the text ends too early. */
function placeOfSyntaxError(message: string, text: string): Place {
  const told = /line (\d+) column (\d+)/.exec(message);
  if (told !== null) return { line: Number(told[1]), column: Number(told[2]) };
  const position = /at position (\d+)/.exec(message);
  const before = position === null ? text : text.slice(0, Number(position[1]));
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}

function failed(message: string): ManifestSource {
  return { problems: [{ path: '', message, ...NOWHERE }] };
}

/** Before anything is made of the text. */
function hasTooMany(text: string): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    count += 1;
    if (count > MOST_TOKENS) return true;
  }
  return false;
}

/** Level by level, so that it needs no stack itself. */
function isTooDeep(value: unknown): boolean {
  // A value that YAML's aliases make stand in several places is looked at once.
  const seen = new Set<unknown>();
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((inner) => {
      if (typeof inner !== 'object' || inner === null || seen.has(inner)) return [];
      seen.add(inner);
      return Object.values(inner) as unknown[];
    });
  }
  return false;
}

/** Uses of YAML's anchors: enough for people, too few for a bomb. */
const MOST_ALIASES = 100;
