// What a parsed file has where. Each mapping is gone through once, however many keys are asked for: a file with 100,000
// of them must not keep the host from its work.

import { isAlias, isMap, isNode, isPair, isScalar, isSeq } from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';

/** Names of keys and indexes of lists, from the top. */
type NodePath = readonly PropertyKey[];
type Item = YAMLMap['items'][number];

/** Finds positions in a document. */
export class NodeIndex {
  readonly #document: Document;
  readonly #items = new WeakMap<YAMLMap, ReadonlyMap<string, Item>>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** Offset of the node at the end of the path, or of the last one that exists on the way. */
  offsetOf(path: NodePath): number {
    let node: unknown = this.#document.contents;
    let offset = startOf(node) ?? 0;
    for (const key of path) {
      const { value, start } = this.#childOf(isAlias(node) ? node.resolve(this.#document) : node, key);
      if (start === undefined) break;
      offset = start;
      node = value;
    }
    return offset;
  }

  /** A child, and where it starts: at its key in a mapping, which stands there even when the value is empty. */
  #childOf(node: unknown, key: PropertyKey): { readonly value: unknown; readonly start: number | undefined } {
    if (isSeq(node)) {
      const item = node.items[Number(key)];
      return { value: item, start: startOf(item) };
    }
    const item = isMap(node) ? this.#itemsOf(node).get(String(key)) : undefined;
    return { value: item?.value, start: startOf(item?.key) };
  }

  #itemsOf(map: YAMLMap): ReadonlyMap<string, Item> {
    const known = this.#items.get(map);
    if (known !== undefined) return known;
    const items = new Map<string, Item>();
    for (const item of map.items) {
      if (!isScalar(item.key)) continue;
      const name = String(item.key.value);
      if (!items.has(name)) items.set(name, item);
    }
    this.#items.set(map, items);
    return items;
  }
}

/**
 * Offsets of the keys that stand in their mapping for the second time or more, in no order. The parser's own check takes
 * a time that grows with the square of the keys.
 */
export function repeatedKeys(document: Document): readonly number[] {
  const offsets: number[] = [];
  const waiting: unknown[] = [document.contents];
  for (let node = waiting.pop(); waiting.length > 0 || node !== undefined; node = waiting.pop()) {
    if (isSeq(node)) for (const item of node.items) waiting.push(item);
    if (isPair(node)) waiting.push(node.key, node.value);
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      waiting.push(key, value);
      if (!isScalar(key)) continue;
      if (seen.has(key.value)) offsets.push(startOf(key) ?? 0);
      seen.add(key.value);
    }
  }
  return offsets;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
