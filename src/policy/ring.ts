/** Few, since most rings of an actor system never hold more than a message or two. */
const FIRST_SLOTS = 4;

/**
 * A bounded first-in, first-out queue.
 *
 * Takes no memory until the first `push`, starts with 4 slots, doubles up to its capacity and never shrinks. Every
 * operation is O(1) on average, `clear` and `insert` aside. A slot that was emptied keeps no reference to what was in it.
 *
 * `undefined` may be queued, but `shift` and `peek` then cannot tell it from an empty ring; look at `size`.
 */
export class Ring<T> {
  readonly #capacity: number;
  /** Its length is 0 or a power of two, so that a mask replaces the division. */
  #slots: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  /** @param capacity most items at a time; `Infinity` for a ring whose owner bounds it in another way */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many items are queued. */
  get size(): number {
    return this.#size;
  }

  /** How many items it has memory for. */
  get slots(): number {
    return this.#slots.length;
  }

  /** Adds an item at the end. False when the ring is full; the item is then not kept. */
  push(item: T): boolean {
    if (this.#size >= this.#capacity) return false;
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size++;
    return true;
  }

  /** Adds an item before all others. False when the ring is full; the item is then not kept. */
  unshift(item: T): boolean {
    if (this.#size >= this.#capacity) return false;
    if (this.#size === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#size++;
    return true;
  }

  /** Adds an item behind those at the front that go before it. False when the ring is full; the item is then not kept. */
  insert(item: T, goesBefore: (queued: T) => boolean): boolean {
    if (!this.unshift(item)) return false;
    const mask = this.#slots.length - 1;
    for (let ahead = 1; ahead < this.#size; ahead++) {
      const at = (this.#head + ahead) & mask;
      const queued = this.#slots[at] as T;
      if (!goesBefore(queued)) break;
      this.#slots[(at - 1) & mask] = queued;
      this.#slots[at] = item;
    }
    return true;
  }

  /** Removes the first item and returns it; undefined when there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    return item;
  }

  /** Removes up to `count` items from the front and returns how many those were. */
  dropFirst(count = 1): number {
    const dropped = Math.max(0, Math.min(count, this.#size));
    for (let i = 0; i < dropped; i++) this.shift();
    return dropped;
  }

  /** The first item, which stays; undefined when there is none. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#head];
  }

  /** Removes everything. Keeps the memory of the slots. */
  clear(): void {
    this.dropFirst(this.#size);
    this.#head = 0;
  }

  #grow(): void {
    const old = this.#slots;
    // Filled, because V8 keeps arrays with holes in a slower form.
    const slots = new Array<T | undefined>(Math.max(FIRST_SLOTS, old.length * 2)).fill(undefined);
    for (let i = 0; i < this.#size; i++) slots[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
