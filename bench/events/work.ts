// What drivers of this benchmark are told, and what they answer. The one in Go (bench/peers/go-events) speaks the same.

import { quantile } from '../harness/statistics.ts';

/** One work, as the driver reads it. */
export interface WorkCommand {
  readonly work: string;
  readonly durationMs: number;
  /** Size of an encoded event. */
  readonly bytes: number;
}

/** What came of it, as the driver writes it. */
export interface WorkResult {
  /** Events that the plugin has had, each subscriber's for itself. */
  readonly count: number;
  readonly elapsedMs: number;
  /** The processes that took part: the host's and its plugins'. */
  readonly pids: readonly number[];
  /** Of works that time single events. */
  readonly p50Us?: number;
  readonly p99Us?: number;
}

/** What a work itself can tell. */
export type Outcome = Pick<WorkResult, 'count' | 'p50Us' | 'p99Us'>;

/** Does its work until the time `until` of `performance.now()`. */
export type Work = (until: number, bytes: number) => Promise<Outcome>;

/** How often a sender looks at the clock. */
export const CLOCK_EVERY = 32;
/** How many unary calls are under way at once. */
export const CONCURRENCY = 64;

/** Does a work and times it. */
export async function perform(
  works: Readonly<Record<string, Work>>,
  { work, durationMs, bytes }: WorkCommand,
  pids: readonly number[],
): Promise<WorkResult> {
  const perform = works[work];
  if (perform === undefined) throw new Error(`there is no work "${work}"`);
  const startedAt = performance.now();
  const outcome = await perform(startedAt + durationMs, bytes);
  return { ...outcome, elapsedMs: performance.now() - startedAt, pids };
}

/**
 * Times single events: `once` settles when the event is acknowledged. Now and then it pauses for a millisecond, so that
 * what is told is the answer of a process that was waiting.
 */
export async function timeSingles(once: (index: number) => Promise<unknown>, until: number): Promise<Outcome> {
  const micros: number[] = [];
  while (performance.now() < until || micros.length === 0) {
    const startedAt = performance.now();
    await once(micros.length);
    micros.push((performance.now() - startedAt) * 1_000);
    if (micros.length % PAUSE_EVERY === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { count: micros.length, p50Us: quantile(micros, 0.5), p99Us: quantile(micros, 0.99) };
}

const PAUSE_EVERY = 10;

/** Something that sends events and hears of each acknowledgement, in order. */
export interface PacedPath {
  readonly until: number;
  send(): void;
  onAcknowledged(listener: (() => void) | undefined): void;
}

/**
 * Finds out how many events a second get through, then sends half as many, some each millisecond, and times them. What
 * is told is of that second part only.
 */
export async function paceAtHalf({ until, send, onAcknowledged }: PacedPath): Promise<Outcome> {
  const startedAt = performance.now();
  const fullUntil = startedAt + (until - startedAt) / 3;
  const full = await keepFull(send, onAcknowledged, fullUntil);
  const perMs = full / (performance.now() - startedAt) / 2;
  const micros: number[] = [];
  const sentAt: number[] = [];
  let wake: (() => void) | undefined;
  onAcknowledged(() => {
    micros.push((performance.now() - (sentAt[micros.length] ?? 0)) * 1_000);
    if (micros.length === sentAt.length) wake?.();
  });
  const beganAt = performance.now();
  for (let now = beganAt; now < until; now = performance.now()) {
    const due = Math.ceil((now - beganAt) * perMs);
    while (sentAt.length < due) {
      sentAt.push(performance.now());
      send();
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise<void>((resolve) => {
    wake = resolve;
    if (micros.length === sentAt.length) resolve();
  });
  onAcknowledged(undefined);
  return { count: micros.length, p50Us: quantile(micros, 0.5), p99Us: quantile(micros, 0.99) };
}

/** Keeps 1,024 events in the air, and returns how many got through. */
function keepFull(
  send: PacedPath['send'],
  onAcknowledged: PacedPath['onAcknowledged'],
  until: number,
): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    let acknowledged = 0;
    let isScheduled = false;
    const fill = (): void => {
      isScheduled = false;
      if (performance.now() < until) for (; sent - acknowledged < IN_THE_AIR; sent += 1) send();
      else if (acknowledged === sent) resolve(acknowledged);
    };
    onAcknowledged(() => {
      acknowledged += 1;
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(fill);
    });
    fill();
  });
}

const IN_THE_AIR = 1_024;
