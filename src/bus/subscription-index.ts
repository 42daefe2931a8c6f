// Which subscriptions an event type concerns.
//
// A tree over the segments of all patterns finds them in time that depends on the type and on the patterns that match its
// beginning, not on how many subscriptions there are. What was found is remembered for the types used last.
//
// Invariants:
//   I1. A subscription is found once, however many of its patterns match, in the order of subscribing.
//   I2. Nothing is remembered across a change of the subscriptions.

import { LRUMap } from 'mnemonist';
import type { Glob } from '../policy/index.ts';

interface Node<Subscriber> {
  /** By the next segment; the wildcard is an ordinary key, since no type has it. */
  readonly next: Map<string, Node<Subscriber>>;
  /** Whose pattern ends here. */
  readonly exact: Set<Subscriber>;
  /** Whose pattern goes on from here with `**`. */
  readonly open: Set<Subscriber>;
}

/** An index of subscriptions by their patterns. `typesRemembered` bounds the memory for types, whoever names them. */
export class SubscriptionIndex<Subscriber> {
  readonly #root: Node<Subscriber> = createNode();
  /** Each subscription with the number that says its place. */
  readonly #order = new Map<Subscriber, number>();
  readonly #found: LRUMap<string, readonly Subscriber[]>;
  #added = 0;

  constructor(typesRemembered: number) {
    this.#found = new LRUMap(typesRemembered);
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#order.size;
  }

  /** How many nodes the tree has, its root included. For tests: removing must leave nothing behind. */
  get nodes(): number {
    return countNodes(this.#root);
  }

  /** Adds a subscription. One that is in already keeps its place and has the further patterns too. */
  add(subscriber: Subscriber, globs: readonly Glob[]): void {
    if (!this.#order.has(subscriber)) this.#order.set(subscriber, ++this.#added);
    for (const glob of globs) {
      let node = this.#root;
      for (const segment of glob.segments) node = childOf(node, segment);
      (glob.open ? node.open : node.exact).add(subscriber);
    }
    this.#found.clear();
  }

  /** Removes a subscription with the patterns it was added with. */
  remove(subscriber: Subscriber, globs: readonly Glob[]): void {
    if (!this.#order.delete(subscriber)) return;
    for (const { segments, open } of globs) prune(this.#root, segments, 0, { subscriber, open });
    this.#found.clear();
  }

  /** The subscriptions with a pattern that matches the type. The list is never changed afterwards. */
  matching(type: string): readonly Subscriber[] {
    const known = this.#found.get(type);
    if (known !== undefined) return known;
    const found = this.#search(type);
    this.#found.set(type, found);
    return found;
  }

  #search(type: string): readonly Subscriber[] {
    const found = new Set<Subscriber>();
    collect(this.#root, type.split('.'), 0, found);
    if (found.size < 2) return [...found];
    const placed = [...found].map((subscriber) => ({ subscriber, place: this.#order.get(subscriber) ?? 0 }));
    return placed.sort((one, other) => one.place - other.place).map(({ subscriber }) => subscriber);
  }
}

function createNode<Subscriber>(): Node<Subscriber> {
  return { next: new Map(), exact: new Set(), open: new Set() };
}

function childOf<Subscriber>(node: Node<Subscriber>, segment: string): Node<Subscriber> {
  const known = node.next.get(segment);
  if (known !== undefined) return known;
  const child = createNode<Subscriber>();
  node.next.set(segment, child);
  return child;
}

/** Each node of the tree is visited at most once, since it stands for one beginning of a pattern. */
function collect<Subscriber>(
  node: Node<Subscriber>,
  segments: readonly string[],
  at: number,
  found: Set<Subscriber>,
): void {
  const segment = segments[at];
  if (segment === undefined) {
    for (const subscriber of node.exact) found.add(subscriber);
    return;
  }
  for (const subscriber of node.open) found.add(subscriber);
  const same = node.next.get(segment);
  if (same !== undefined) collect(same, segments, at + 1, found);
  const any = node.next.get('*');
  if (any !== undefined) collect(any, segments, at + 1, found);
}

/** Removes what the pattern left behind, and the nodes that nobody needs any more. */
function prune<Subscriber>(
  node: Node<Subscriber>,
  segments: readonly string[],
  at: number,
  entry: { readonly subscriber: Subscriber; readonly open: boolean },
): void {
  const segment = segments[at];
  if (segment === undefined) {
    (entry.open ? node.open : node.exact).delete(entry.subscriber);
    return;
  }
  const child = node.next.get(segment);
  if (child === undefined) return;
  prune(child, segments, at + 1, entry);
  if (child.next.size === 0 && child.exact.size === 0 && child.open.size === 0) node.next.delete(segment);
}

function countNodes(node: Node<unknown>): number {
  let count = 1;
  for (const child of node.next.values()) count += countNodes(child);
  return count;
}
