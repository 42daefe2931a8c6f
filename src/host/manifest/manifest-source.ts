// The text of a manifest as plain values, and where in the file each of them stands.

import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';

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

const NOWHERE: Place = { line: undefined, column: undefined };

/** Reads YAML 1.2, or JSON. Never throws. */
export function readSource(text: string, format: 'yaml' | 'json'): ManifestSource {
  try {
    const source = format === 'json' ? readJson(text) : readYaml(text);
    if ('value' in source && isTooDeep(source.value)) return failed(`is nested more than ${DEEPEST} levels deep`);
    return source;
  } catch (error) {
    // The parsers recurse: a text of nothing but brackets exhausts their stack.
    return failed(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readYaml(text: string): ManifestSource {
  const { document, placeAt } = parsed(text);
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({ path: '', message, ...placeAt(pos[0]) }));
    return { problems };
  }
  // Throws for an alias without an anchor, and for one that would grow without limit.
  const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
  return { value, place: (path) => placeAt(nearest(document, path)) };
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
  const { document, placeAt } = parsed(unmarked);
  const repeated = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  if (repeated.length > 0) {
    return { problems: repeated.map(({ pos }) => ({ path: '', message: 'has a key twice', ...placeAt(pos[0]) })) };
  }
  return { value, place: (path) => (document.errors.length > 0 ? NOWHERE : placeAt(nearest(document, path))) };
}

function parsed(text: string): { readonly document: Document; readonly placeAt: (offset: number) => Place } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  return {
    document,
    placeAt: (offset) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line, column: col };
    },
  };
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

/** Offset of the node at the end of the path, or of the last one that exists on the way. */
function nearest(document: Document, path: ValuePath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const key of path) {
    const { value, start } = childOf(isAlias(node) ? node.resolve(document) : node, key);
    if (start === undefined) break;
    offset = start;
    node = value;
  }
  return offset;
}

/** A child, and where it starts: at its key in a mapping, which stands there even when the value is empty. */
function childOf(node: unknown, key: PropertyKey): { readonly value: unknown; readonly start: number | undefined } {
  if (isSeq(node)) {
    const item = node.items[Number(key)];
    return { value: item, start: startOf(item) };
  }
  const pair = isMap(node)
    ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  return { value: pair?.value, start: startOf(pair?.key) };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** Uses of YAML's anchors: enough for people, too few for a bomb. */
const MOST_ALIASES = 100;
