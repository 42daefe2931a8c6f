// The five kinds of work that are timed, and the messages that they move.

/** Names of the kinds. */
export const BATCH_KINDS = ['sequential', 'concurrent', 'server-stream', 'client-stream', 'bidi'] as const;

/** `sequential` and `concurrent` are unary calls. */
export type BatchKind = (typeof BATCH_KINDS)[number];

/** Work of each kind: goes on until the time `until` of `performance.now()`, and returns how many it has done. */
export type Batches = Readonly<Record<BatchKind, (until: number) => Promise<number>>>;

/** How many unary calls are under way at once in a `concurrent` batch. */
export const CONCURRENCY = 64;

/** Messages that a server sends in one call: some 50 ms of work, so that what the call itself costs does not show. */
export const DOWNLOAD_COUNT = 5_000;

/** The text of every message: with tag and length it makes 200 bytes. Where an index is added, some three more. */
export const TEXT: string = 'event payload, '.repeat(14).slice(0, 197);

/** How often a sender looks at the clock. */
const CLOCK_EVERY = 32;

/** The requests of one call: fresh objects until the time is over. */
export function* requestsUntil(until: number): Generator<{ text: string }, void, undefined> {
  for (let sent = 1; ; sent += 1) {
    yield { text: TEXT };
    if (sent % CLOCK_EVERY === 0 && performance.now() >= until) return;
  }
}
