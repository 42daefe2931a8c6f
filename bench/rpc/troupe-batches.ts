import type { ServiceClient } from 'troupe/transport';
import type { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import { CONCURRENCY, DOWNLOAD_COUNT, requestsUntil, TEXT } from './batches.ts';
import type { Batches } from './batches.ts';

/** The work through a client of troupe, written as its documentation shows it. */
export function troupeBatches(probe: ServiceClient<typeof ProbeServiceService>): Batches {
  const sequential = async (until: number): Promise<number> => {
    let done = 0;
    do {
      await probe.echo({ text: TEXT });
      done += 1;
    } while (performance.now() < until);
    return done;
  };
  return {
    sequential,
    async concurrent(until) {
      const all = await Promise.all(Array.from({ length: CONCURRENCY }, () => sequential(until)));
      return all.reduce((sum, done) => sum + done, 0);
    },
    async 'server-stream'(until) {
      let received = 0;
      do {
        for await (const _ of probe.download({ count: DOWNLOAD_COUNT, text: TEXT })) received += 1;
      } while (performance.now() < until);
      return received;
    },
    async 'client-stream'(until) {
      const { messages } = await probe.upload(requestsUntil(until));
      return messages;
    },
    async bidi(until) {
      let acknowledged = 0;
      for await (const _ of probe.chat(requestsUntil(until))) acknowledged += 1;
      return acknowledged;
    },
  };
}
