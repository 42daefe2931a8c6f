// Which subscriptions an event type concerns.
//
// A tree over the segments of all patterns finds them in time that depends on the type and on the patterns that match its
// beginning, not on how many subscriptions there are. What was found is remembered for the types used last, and the lists
// themselves by the places of the tree they come from: types that concern the same subscriptions share one list.
//
// Invariants:
//   I1. A subscription is found once, however many of its patterns match, in the order of subscribing.
//   I2. Nothing is remembered across a change of the subscriptions.
//   I3. The remembered lists have at most `entriesRemembered` entries in all, or are a single one that has more.

import { LRUMap } from 'mnemonist';
import type { Glob } from '../policy/index.ts';

interface Node<Subscriber> {
  /** Unique in its tree. */
  readonly number: number;
  /** By the next segment; the wildcard is an ordinary key, since no type has it. */
  readonly next: Map<string, Node<Subscriber>>;
  /** Whose pattern ends here. */
  readonly exact: Set<Subscriber>;
  /** Whose pattern goes on from here with `**`. */
  readonly open: Set<Subscriber>;
}

/** Bounds of what an index remembers, whoever names the types. */
export interface IndexMemory {
  readonly typesRemembered: number;
  readonly entriesRemembered: number;
}

/** An index of subscriptions by their patterns. */
export class SubscriptionIndex<Subscriber> {
  readonly #root: Node<Subscriber> = createNode(0);
  /** Each subscription with the number that says its place. */
  readonly #order = new Map<Subscriber, number>();
  readonly #found: LRUMap<string, readonly Subscriber[]>;
  /** By the numbers of the places they come from. */
  readonly #lists = new Map<string, readonly Subscriber[]>();
  readonly #entriesRemembered: number;
  /** Entries of `#lists`, in all. */
  #entries = 0;
  #added = 0;
  #nodesMade = 0;

  constructor({ typesRemembered, entriesRemembered }: IndexMemory) {
    this.#found = new LRUMap(typesRemembered);
    this.#entriesRemembered = entriesRemembered;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#order.size;
  }

  /** Entries of the remembered lists, in all (I3). */
  get entries(): number {
    return this.#entries;
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
      for (const segment of glob.segments) node = this.#childOf(node, segment);
      (glob.open ? node.open : node.exact).add(subscriber);
    }
    this.#found.clear();
    this.#forgetLists();
  }

  /** Removes a subscription with the patterns it was added with. */
  remove(subscriber: Subscriber, globs: readonly Glob[]): void {
    if (!this.#order.delete(subscriber)) return;
    for (const { segments, open } of globs) prune(this.#root, segments, 0, { subscriber, open });
    this.#found.clear();
    this.#forgetLists();
  }

  /** Gives a subscription other patterns; it keeps its place. Does nothing for one that is not in. */
  change(subscriber: Subscriber, before: readonly Glob[], after: readonly Glob[]): void {
    if (!this.#order.has(subscriber)) return;
    for (const { segments, open } of before) prune(this.#root, segments, 0, { subscriber, open });
    this.add(subscriber, after);
  }

  /** The subscriptions with a pattern that matches the type. The list is never changed afterwards. */
  matching(type: string): readonly Subscriber[] {
    const known = this.#found.get(type);
    if (known !== undefined) return known;
    const places: Place<Subscriber>[] = [];
    collect(this.#root, type.split('.'), 0, places);
    const found = this.#listOf(places);
    this.#found.set(type, found);
    return found;
  }

  #listOf(places: readonly Place<Subscriber>[]): readonly Subscriber[] {
    const key = places.map(({ key: one }) => one).join();
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const found = this.#inOrder(new Set(places.flatMap(({ subscribers }) => [...subscribers])));
    if (this.#entries + found.length > this.#entriesRemembered) {
      this.#found.clear();
      this.#forgetLists();
    }
    this.#lists.set(key, found);
    this.#entries += found.length;
    return found;
  }

  /** I1. In time that grows with the subscriptions and no faster: few are sorted, of many all are looked at. */
  #inOrder(found: ReadonlySet<Subscriber>): readonly Subscriber[] {
    if (found.size < 2) return [...found];
    if (found.size * FEW < this.#order.size) {
      const placed = [...found].map((subscriber) => ({ subscriber, place: this.#order.get(subscriber) ?? 0 }));
      return placed.sort((one, other) => one.place - other.place).map(({ subscriber }) => subscriber);
    }
    return [...this.#order.keys()].filter((subscriber) => found.has(subscriber));
  }

  #forgetLists(): void {
    this.#lists.clear();
    this.#entries = 0;
  }

  #childOf(node: Node<Subscriber>, segment: string): Node<Subscriber> {
    const known = node.next.get(segment);
    if (known !== undefined) return known;
    const child = createNode<Subscriber>(++this.#nodesMade);
    node.next.set(segment, child);
    return child;
  }
}

/** A node of the tree, by one of its two sets. */
interface Place<Subscriber> {
  readonly key: string;
  readonly subscribers: ReadonlySet<Subscriber>;
}

/** Which fraction of all subscriptions is few. */
const FEW = 16;

function createNode<Subscriber>(number: number): Node<Subscriber> {
  return { number, next: new Map(), exact: new Set(), open: new Set() };
}

/** Each node of the tree is visited at most once, since it stands for one beginning of a pattern. */
function collect<Subscriber>(
  node: Node<Subscriber>,
  segments: readonly string[],
  at: number,
  places: Place<Subscriber>[],
): void {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.exact.size > 0) places.push({ key: `${node.number}=`, subscribers: node.exact });
    return;
  }
  if (node.open.size > 0) places.push({ key: `${node.number}+`, subscribers: node.open });
  const same = node.next.get(segment);
  if (same !== undefined) collect(same, segments, at + 1, places);
  const any = node.next.get('*');
  if (any !== undefined) collect(any, segments, at + 1, places);
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
