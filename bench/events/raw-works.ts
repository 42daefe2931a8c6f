// The works on bare grpc-js, with callbacks and events, the fastest way that it has.

import type { Client, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { once } from 'node:events';
import { EventServiceService } from '../../src/gen/troupe/events/v1/events.ts';
import type {
  DeliverRequest,
  DeliverResponse,
  HandleEventRequest,
  HandleEventResponse,
  StreamEventsRequest,
  StreamEventsResponse,
} from '../../src/gen/troupe/events/v1/events.ts';
import { createSample } from './sample.ts';
import type { Sample } from './sample.ts';
import { CLOCK_EVERY, CONCURRENCY, paceAtHalf, timeSingles } from './work.ts';
import type { Outcome, Work } from './work.ts';

/** Events without an acknowledgement, where each has one; the best of those that were tried. */
const WINDOW = 1_024;

const { handleEvent, streamEvents, deliver } = EventServiceService;

/** The works through a bare client. */
export function rawWorks(client: Client): Readonly<Record<string, Work>> {
  return {
    'unary-sequential': async (until, bytes) => ({ count: await chain(client, createSample(bytes), until) }),
    async 'unary-64'(until, bytes) {
      const sample = createSample(bytes);
      const all = await Promise.all(Array.from({ length: CONCURRENCY }, () => chain(client, sample, until)));
      return { count: all.reduce((sum, done) => sum + done, 0) };
    },
    'client-stream': async (until, bytes) => ({ count: await upload(client, createSample(bytes), until) }),
    'acked-each': async (until, bytes) => ({ count: await ackedEach(client, createSample(bytes), until) }),
    'half-load': (until, bytes) => halfLoad(client, createSample(bytes), until),
    'unary-latency'(until, bytes) {
      const sample = createSample(bytes);
      return timeSingles((index) => new Promise((resolve) => call(client, sample, index, resolve)), until);
    },
  };
}

function call(client: Client, sample: Sample, index: number, answered: (error: ServiceError | null) => void): void {
  client.makeUnaryRequest<HandleEventRequest, HandleEventResponse>(
    handleEvent.path,
    handleEvent.requestSerialize,
    handleEvent.responseDeserialize,
    { event: sample.next(index), attempt: 0 },
    answered,
  );
}

/** Each call is made in the callback of the one before. */
function chain(client: Client, sample: Sample, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const answered = (error: ServiceError | null): void => {
      if (error !== null) return reject(error);
      done += 1;
      if (performance.now() < until) call(client, sample, done, answered);
      else resolve(done);
    };
    call(client, sample, done, answered);
  });
}

function upload(client: Client, sample: Sample, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.makeClientStreamRequest<StreamEventsRequest, StreamEventsResponse>(
      streamEvents.path,
      streamEvents.requestSerialize,
      streamEvents.responseDeserialize,
      (error, response) => (error === null ? resolve(Number(response?.received ?? 0n)) : reject(error)),
    );
    let sent = 0;
    const fill = (): void => {
      for (;;) {
        if (sent % CLOCK_EVERY === 0 && performance.now() >= until) return void stream.end();
        sent += 1;
        const more = stream.write({ event: sample.next(sent), sequence: BigInt(sent), attempt: 0 });
        if (!more) return void stream.once('drain', fill);
      }
    };
    fill();
  });
}

/** One event and one acknowledgement a message. What acknowledgements have made room for is sent in the next turn. */
async function ackedEach(client: Client, sample: Sample, until: number): Promise<number> {
  const stream = openStream(client);
  let sent = 0;
  let acknowledged = 0;
  let isScheduled = false;
  const fill = (): void => {
    isScheduled = false;
    while (sent - acknowledged < WINDOW) {
      if (sent % CLOCK_EVERY === 0 && performance.now() >= until) return void stream.end();
      sent += 1;
      stream.write(messageOf(sample, sent));
    }
  };
  stream.on('data', () => {
    acknowledged += 1;
    if (isScheduled || stream.writableEnded) return;
    isScheduled = true;
    setImmediate(fill);
  });
  fill();
  await once(stream, 'end');
  return acknowledged;
}

async function halfLoad(client: Client, sample: Sample, until: number): Promise<Outcome> {
  const stream = openStream(client);
  let sent = 0;
  let acknowledged: (() => void) | undefined;
  stream.on('data', () => acknowledged?.());
  const outcome = await paceAtHalf({
    until,
    send: () => void stream.write(messageOf(sample, (sent += 1))),
    onAcknowledged(listener) {
      acknowledged = listener;
    },
  });
  stream.end();
  await once(stream, 'end');
  return outcome;
}

function openStream(client: Client): ClientDuplexStream<DeliverRequest, DeliverResponse> {
  const { path, requestSerialize, responseDeserialize } = deliver;
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
}

function messageOf(sample: Sample, sequence: number): DeliverRequest {
  const events = [sample.next(sequence)];
  return { start: undefined, firstSequence: BigInt(sequence), events, attempt: 0, resultsReceived: 0n };
}
