// The Go plugins that take events, driven by the generated clients: what a host that speaks the contract can rely on.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchOptions, Plugin } from 'troupe';
import { service } from 'troupe';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EventServiceService as AwfEventService } from '../../src/gen/plugin/v1/plugin.ts';
import { EventServiceService, HostEventServiceService } from '../../src/gen/troupe/events/v1/events.ts';
import type {
  DeliverRequest,
  DeliverResponse,
  EmitRequest,
  Event,
  EventResult,
} from '../../src/gen/troupe/events/v1/events.ts';
import { goEventPeers } from '../peers/go/event-peers.ts';
import type { GoEventPeers } from '../peers/go/event-peers.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { errorOf, openHost, temporaryDirectory, until } from './support.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const HOST_EVENT_SERVICE_ID = 1;

let peers: GoEventPeers;

describeWithPeer('go', 'the Go plugins that take events', () => {
  beforeAll(async () => {
    peers = await goEventPeers();
  }, BUILD_LIMIT_MS);

  describe('by Deliver', () => {
    it('answers the start at once, and has 1,000 events in its journal once and in order', async () => {
      const { plugin, journal } = await launch([]);
      const talk = openTalk(plugin, 'one');
      expect(await talk.next()).toMatchObject({ settled: 0n, results: [] });

      for (let first = 1; first <= 1_000; first += 100) talk.send(first, 100);

      await talk.settledUpTo(1_000n);
      expect(journal()).toEqual(idsOf(1, 1_000));
    });

    it('knows after a cut what it has settled, and handles what is sent again once only', async () => {
      const { plugin, journal } = await launch([]);
      const first = openTalk(plugin, 'one');
      first.send(1, 50);
      await first.settledUpTo(50n);
      first.cut();

      const second = openTalk(plugin, 'one');
      expect(await second.next()).toMatchObject({ settled: 50n });
      second.send(31, 40);

      await second.settledUpTo(70n);
      expect(journal()).toEqual(idsOf(1, 70));
    });

    it('sends results that say more than done: an emitted event, and the error of a failed handler', async () => {
      const { plugin } = await launch(['-answer=order.noted', '-fail=order.bad']);
      const talk = openTalk(plugin, 'one');
      talk.send(1, 1);
      talk.send(2, 1, 'order.bad');

      const results = await talk.settledUpTo(2n);

      expect(results).toMatchObject([
        { sequence: 1n, eventId: 'id-1', emitted: [{ type: 'order.noted', subject: 'id-1' }] },
        { sequence: 2n, eventId: 'id-2', emitted: [], error: { code: 'HANDLER_FAILED' } },
      ]);
    });

    it('repeats after a cut the results that the host has not confirmed', async () => {
      const { plugin } = await launch(['-fail=order.bad']);
      const first = openTalk(plugin, 'one');
      first.send(1, 3, 'order.bad');
      await first.settledUpTo(3n);
      first.cut();

      const second = openTalk(plugin, 'one', 3);

      const answer = await second.next();
      expect(answer.settled).toBe(3n);
      expect(answer.results.map(({ sequence }) => sequence)).toEqual([3n]);
    });

    it('loses no event when it is killed with SIGKILL in the middle of 400', async () => {
      const { plugin, journal } = await launch(['-delay=1ms']);
      const before = plugin.status().pid ?? 0;
      const first = openTalk(plugin, 'one');
      for (let sequence = 1; sequence <= 400; sequence += 20) first.send(sequence, 20);
      await first.settledUpTo(100n);
      process.kill(before, 'SIGKILL');
      const settled = await first.lastSettled();
      await until(() => expect(plugin.status()).toMatchObject({ state: 'ready' }));
      expect(plugin.status().pid).not.toBe(before);

      const second = openTalk(plugin, 'two', Number(settled) + 1);
      second.send(Number(settled) + 1, 400 - Number(settled));
      await second.settledUpTo(400n);

      const handled = journal();
      expect([...new Set(handled)].sort(byNumber)).toEqual(idsOf(1, 400));
      // Only what was not acknowledged came twice.
      const again = handled.filter((id, index) => handled.indexOf(id) !== index);
      expect(again.filter((id) => numberOf(id) <= settled)).toEqual([]);
    });
  });

  describe('by the plainer forms', () => {
    it('answers UNIMPLEMENTED to the forms that it is told not to have', async () => {
      const { plugin } = await launch(['-forms=unary']);
      const events = plugin.dispense('events');

      expect(await errorOf(openTalk(plugin, 'one').next())).toMatchObject({ code: 'UNIMPLEMENTED' });
      expect(await errorOf(events.streamEvents([]))).toMatchObject({ code: 'UNIMPLEMENTED' });
      expect(await events.handleEvent({ event: eventOf(1), attempt: 0 })).toEqual({ emitted: [], error: undefined });
    });

    it('takes 500 events by StreamEvents and reports the result of each by the host service', async () => {
      const { plugin, journal } = await launch(['-forms=stream']);
      const host = await serveHostEvents(plugin);
      const messages = range(1, 500).map((number) => ({
        event: eventOf(number),
        sequence: BigInt(number),
        attempt: 0,
      }));

      const { received } = await plugin.dispense('events').streamEvents(messages);

      expect(received).toBe(500n);
      expect(host.results.map(({ sequence }) => Number(sequence))).toEqual(range(1, 500));
      expect(journal()).toEqual(idsOf(1, 500));
    });

    it('emits through the host service, and names the event that caused it', async () => {
      const { plugin, emits } = await launch(['-emit=order.seen']);
      const host = await serveHostEvents(plugin);

      await plugin.dispense('events').handleEvent({ event: eventOf(7), attempt: 0 });

      expect(host.emitted).toMatchObject([
        { event: { type: 'order.seen', subject: 'id-7' }, cause: { kind: { $case: 'eventId', value: 'id-7' } } },
      ]);
      expect(emits()).toEqual(['new-1 published']);
    });
  });

  describe('of the awf protocol', () => {
    it('takes single events and a stream, in order', async () => {
      const { plugin, journal } = await launchAwf([]);
      const events = plugin.dispense('events');

      await events.handleEvent(awfEventOf(1));
      await events.streamEvents(range(2, 200).map((number) => ({ ...awfEventOf(number), sequenceNumber: 1n })));

      expect(journal()).toEqual(idsOf(1, 200));
    });

    it('answers UNIMPLEMENTED when it was built before there were streams', async () => {
      const { plugin } = await launchAwf(['-without-stream', '-answer=order.noted']);
      const events = plugin.dispense('events');

      expect(await errorOf(events.streamEvents([]))).toMatchObject({ code: 'UNIMPLEMENTED' });
      expect((await events.handleEvent(awfEventOf(1))).emittedEvents).toMatchObject([{ type: 'order.noted' }]);
    });
  });
});

// Helpers

const SERVICES = { events: EventServiceService };
const AWF_SERVICES = { events: AwfEventService };

async function launch(args: readonly string[]) {
  const { files, env } = journals();
  const options = { ...launchOptions(peers.events, args, env), services: SERVICES };
  const plugin = await openHost().host.launch(options);
  return { plugin, ...files };
}

async function launchAwf(args: readonly string[]) {
  const { files, env } = journals();
  const handshake = { cookieKey: 'AWF_PLUGIN', cookieValue: 'awf-plugin-v1' };
  const options = { ...launchOptions(peers.awf, args, env), handshake, services: AWF_SERVICES };
  const plugin = await openHost().host.launch(options);
  return { plugin, ...files };
}

function launchOptions(command: string, args: readonly string[], env: Record<string, string>) {
  const backoff = { initialMs: 10, maxMs: 100 };
  return { name: 'go-events', command, args, env, backoff } satisfies Partial<LaunchOptions>;
}

/** The files that the plugin writes, outside of the host's directory. */
function journals() {
  const directory = temporaryDirectory({ mayLeaveFiles: true });
  const [journal, emits] = [join(directory, 'journal'), join(directory, 'emits')];
  const files = { journal: () => linesOf(journal), emits: () => linesOf(emits) };
  return { files, env: { JOURNAL: journal, EMITS: emits } };
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

/** The host's side of a Deliver stream, message by message. */
function openTalk(plugin: Plugin<typeof SERVICES>, session: string, nextSequence = 1) {
  const queue: DeliverRequest[] = [];
  const abort = new AbortController();
  let wake = (): void => undefined;
  async function* requests(): AsyncGenerator<DeliverRequest> {
    for (;;) {
      const request = queue.shift();
      if (request !== undefined) yield request;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const push = (request: Partial<DeliverRequest>): void => {
    queue.push({ start: undefined, firstSequence: 0n, events: [], attempt: 0, resultsReceived: 0n, ...request });
    wake();
  };
  push({ start: { session, nextSequence: BigInt(nextSequence) } });
  const answers = plugin.dispense('events').deliver(requests(), { signal: abort.signal })[Symbol.asyncIterator]();
  const cut = (): void => {
    abort.abort();
    // Its end is the test's own doing.
    answers.next().catch(() => undefined);
  };
  // The host's stop waits for calls that are under way.
  onTestFinished(cut);
  let last = 0n;
  const next = async (): Promise<DeliverResponse> => {
    const { value, done } = await answers.next();
    if (done === true) throw new Error('the plugin has ended the stream');
    last = value.settled;
    return value;
  };
  return {
    next,
    send: (first: number, count: number, type?: string) =>
      push({ firstSequence: BigInt(first), events: range(first, first + count - 1).map((n) => eventOf(n, type)) }),
    /** All results up to there. */
    async settledUpTo(sequence: bigint): Promise<EventResult[]> {
      const results: EventResult[] = [];
      while (last < sequence) results.push(...(await next()).results);
      return results;
    },
    /** What the plugin had settled when the stream broke. */
    async lastSettled(): Promise<bigint> {
      for (;;) {
        try {
          await next();
        } catch {
          return last;
        }
      }
    },
    cut,
  };
}

/** Serves HostEventService as a host does, and notes what the plugin says. */
async function serveHostEvents(plugin: Plugin<typeof SERVICES>) {
  const emitted: EmitRequest[] = [];
  const results: EventResult[] = [];
  const emit = (request: EmitRequest) => {
    emitted.push(request);
    return { success: true, errorMessage: '', eventId: `new-${emitted.length}`, errorCode: '' };
  };
  const hostEvents = service(HostEventServiceService, {
    emit,
    emitBatch: ({ requests }) => ({ responses: requests.map(emit) }),
    reportResults(request) {
      results.push(...request.results);
      return {};
    },
  });
  await plugin.broker.accept(HOST_EVENT_SERVICE_ID, [hostEvents], { keepAdvertised: true });
  return { emitted, results };
}

function eventOf(number: number, type = 'order.placed'): Event {
  return {
    id: `id-${number}`,
    type,
    timeUnixNanos: 1_700_000_000_000_000_000n,
    source: 'test',
    subject: '',
    contentType: '',
    metadata: { number: `${number}` },
    payload: Buffer.from('{}'),
    depth: 0,
    causationId: '',
  };
}

function awfEventOf(number: number) {
  const { id, type, timeUnixNanos: timestampUnixNanos, source, metadata, payload } = eventOf(number);
  return { id, type, timestampUnixNanos, source, metadata, payload, propagationDepth: 0 };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function idsOf(first: number, last: number): string[] {
  return range(first, last).map((number) => `id-${number}`);
}

function numberOf(id: string): number {
  return Number(id.slice('id-'.length));
}

function byNumber(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}
