import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { RuntimeError } from '../../errors/index.ts';

/** Where something is: names of keys and indexes of lists, from the top. */
export type ValuePath = readonly PropertyKey[];

/** A file that was read. */
export interface YamlFile {
  /** What it says, as plain values. */
  readonly value: unknown;
  /** `file:line:column` of a value; of the nearest thing around it when it is missing. */
  position(path: ValuePath): string;
}

/** Reads YAML 1.2. Throws CONFIG_SYNTAX that lists every defect with its position. */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0)
    throw syntaxError(
      file,
      document.errors.map((error) => `${at(error.pos[0])}  ${error.message}`),
    );
  return {
    value: valueOf(file, document),
    position: (path) => at(nearest(document, path)),
  };
}

function valueOf(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // An alias without an anchor, or one that would grow without limit.
    throw syntaxError(file, [`${file}  ${cause instanceof Error ? cause.message : String(cause)}`], cause);
  }
}

function syntaxError(file: string, problems: readonly string[], cause?: unknown): RuntimeError {
  return new RuntimeError('CONFIG_SYNTAX', `${file} is not valid YAML`, { details: { problems }, cause });
}

/** Offset of the node at the end of the path, or of the last one that exists on the way. */
function nearest(document: Document, path: ValuePath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const key of path) {
    const { value, start } = childOf(resolved(node, document), key);
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

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
