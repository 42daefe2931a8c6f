// A load that never lets up: calls that are made once each, and events at a steady rate.

import type { Host, Plugin } from 'troupe';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';

/** What the load has done so far. */
export interface Load {
  /** Ids of the calls that were answered. */
  readonly answered: readonly string[];
  readonly failed: readonly unknown[];
  /** Ids of the events that were published. */
  readonly published: readonly string[];
  /** Latencies in milliseconds of the calls that began within the time. */
  latencies(from: number, to: number): readonly number[];
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
}

interface Timed {
  readonly at: number;
  readonly ms: number;
}

/** Milliseconds between two bursts of events. */
const TICK_MS = 5;
/** Milliseconds after a failed call: a refusal takes no time at all. */
const PAUSE_MS = 5;

/** Starts it. */
export function startLoad(
  host: Host,
  plugin: Plugin,
  { atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number },
): Load {
  const client = plugin.dispense(ProbeServiceService);
  const answered: string[] = [];
  const failed: unknown[] = [];
  const published: string[] = [];
  const timed: Timed[] = [];
  let made = 0;
  let isOver = false;
  const call = async (): Promise<void> => {
    while (!isOver) {
      made += 1;
      const id = `c${made}`;
      const at = performance.now();
      try {
        await client.echo({ text: id });
        timed.push({ at, ms: performance.now() - at });
        answered.push(id);
      } catch (error) {
        failed.push(error);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  };
  const running = Promise.all(Array.from({ length: atOnce }, call));
  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) * perSecond) / 1_000;
    while (published.length < due) {
      const receipt = host.bus.publish({ type: 'work.item', payload: published.length });
      if (!receipt.accepted) throw receipt.error;
      published.push(receipt.id);
    }
  }, TICK_MS);
  return {
    answered,
    failed,
    published,
    latencies: (from, to) => timed.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms),
    async stop() {
      isOver = true;
      clearInterval(timer);
      await running;
    },
  };
}
