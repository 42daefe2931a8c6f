// The works on a bus of ours.

import type { EventDraft } from '../../src/ports/index.ts';
import { Event } from '../../src/gen/troupe/events/v1/events.ts';
import { createSample, EVENT_TYPE, sampleMetadata } from './sample.ts';
import type { EventPath } from './troupe-path.ts';
import { CLOCK_EVERY, paceAtHalf, timeSingles } from './work.ts';
import type { Outcome, Work } from './work.ts';

/** Subscriptions that do not match, in the row that is named after them. */
const OTHERS = 10_000;
/** How many publishes are timed together: a single one takes less than the clock can tell. */
const TOGETHER = 500;

/** The works of a path. */
export function troupeWorks(path: EventPath, subscribers: number, isForeign: boolean): Readonly<Record<string, Work>> {
  let others = 0;
  return {
    async deliver(until, bytes) {
      const draftOf = drafts(bytes, path);
      const before = path.settled;
      const foreignBefore = isForeign ? await path.foreignCount() : 0;
      let sent = 0;
      while (sent % CLOCK_EVERY !== 0 || performance.now() < until) {
        const receipt = path.publish(draftOf());
        sent += 1;
        if (receipt.accepted) await receipt.queued;
      }
      await settledUpTo(path, before + sent * subscribers);
      while (isForeign && (await path.foreignCount()) < foreignBefore + sent) await pause();
      if (path.lost > 0) throw new Error(`${path.lost} events were lost`);
      return { count: sent * subscribers };
    },
    latency(until, bytes) {
      const draftOf = drafts(bytes, path);
      return timeSingles(async () => {
        const target = path.settled + 1;
        path.publish(draftOf());
        await settledUpTo(path, target);
      }, until);
    },
    async 'half-load'(until, bytes) {
      const draftOf = drafts(bytes, path);
      return paceAtHalf({
        until,
        send: () => void path.publish(draftOf()),
        onAcknowledged: (listener) => path.onSettled(listener),
      });
    },
    'publish-0': (until, bytes) => timePublishes(path, bytes, until),
    async 'publish-10000'(until, bytes) {
      for (; others < OTHERS; others += 1) path.subscribeToNothing(`other-${others}.*`);
      return timePublishes(path, bytes, until);
    },
  };
}

/** Drafts whose events have the wanted size once they have the id and the media type that the bus gives them. */
function drafts(bytes: number, path: EventPath): () => EventDraft {
  const receipt = path.publish({ type: 'sample.taken' });
  if (!receipt.accepted) throw receipt.error;
  const { payload, next } = createSample(bytes);
  const contentType = 'application/octet-stream';
  const event = { ...next(0), id: receipt.id, depth: 0, contentType };
  const excess = Event.encode(event).finish().length - bytes;
  const shorter = new Uint8Array(payload.subarray(excess));
  return () => ({ type: EVENT_TYPE, payload: shorter, metadata: sampleMetadata() });
}

function settledUpTo(path: EventPath, target: number): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (path.settled < target) return;
      path.onSettled(undefined);
      resolve();
    };
    path.onSettled(check);
    check();
  });
}

/** The time of one publish that reaches nobody, in runs of 500. */
async function timePublishes(path: EventPath, bytes: number, until: number): Promise<Outcome> {
  const draftOf = drafts(bytes, path);
  let count = 0;
  const startedAt = performance.now();
  do {
    for (let index = 0; index < TOGETHER; index += 1) path.publish(draftOf());
    count += TOGETHER;
    // Other work of the process gets its turn.
    await pause();
  } while (performance.now() < until);
  return { count, p50Us: ((performance.now() - startedAt) * 1_000) / count };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
