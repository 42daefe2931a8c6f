import { onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment, WireEvent } from '../../../src/ports/index.ts';
import { createPluginServices, definePlugin } from '../../../src/sdk/index.ts';
import type { EventMap, PluginAuthoring } from '../../../src/sdk/index.ts';
import { AnswerQueue } from '../../../src/testing/plugins/answer-queue.ts';
import { createEventEncoder, hostEventDescriptor } from '../../../src/transport/events/index.ts';
import type { DeliverAnswer, DeliverFrame } from '../../../src/transport/events/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import type { MemoryConnection } from '../../../src/transport/memory/index.ts';

/** One stream of Deliver, as a host has it. */
export interface Stream {
  readonly frames: AnswerQueue<DeliverFrame>;
  readonly start: () => void;
  next(): Promise<DeliverAnswer>;
  /** Sends `count` events, numbered from `first`. */
  send(first: number, count: number): void;
  cut(): void;
}

/** A plugin in memory. */
export interface Running {
  readonly environment: ManualEnvironment;
  readonly connection: MemoryConnection;
  open(start?: NonNullable<DeliverFrame['start']> | 'later'): Stream;
}

const encoder = createEventEncoder();
const START = { session: 's', nextSequence: 1 };

/** Runs a plugin until the end of the test. */
export async function plugin(authoring: PluginAuthoring<EventMap, EventMap>): Promise<Running> {
  const environment = createManualEnvironment();
  const broker = { nextId: () => 2, accept: () => fail('no'), dial: () => Promise.reject(new Error('no host')) };
  const { services, close } = await createPluginServices(definePlugin(authoring), { broker, environment });
  const connection = createMemoryConnection(services, { clock: environment.clock });
  onTestFinished(() => {
    connection.close();
    close();
  });
  return { environment, connection, open: (start = START) => opened(connection, start) };
}

function opened(connection: MemoryConnection, start: NonNullable<DeliverFrame['start']> | 'later'): Stream {
  const frames = new AnswerQueue<DeliverFrame>();
  const answers = connection.bidiStream(hostEventDescriptor.deliver, frames)[Symbol.asyncIterator]();
  const begin = (): void => frames.put(started(start === 'later' ? START : start));
  if (start !== 'later') begin();
  return {
    frames,
    start: begin,
    async next() {
      const { done, value } = await answers.next();
      return done === true ? fail('the stream is over') : (value as DeliverAnswer);
    },
    send(first, count) {
      frames.put(
        frame(
          first,
          Array.from({ length: count }, (_, index) => `e${first + index}`),
        ),
      );
    },
    cut: () => frames.end(new RuntimeError('CANCELLED', 'cut')),
  };
}

/** The first message of a stream. */
export function started(start: NonNullable<DeliverFrame['start']>): DeliverFrame {
  return { ...frame(0, []), start };
}

/** A message with events. */
export function frame(firstSequence: number, ids: readonly string[], resultsReceived = 0, type = 't'): DeliverFrame {
  return { firstSequence, events: ids.map((id) => encoded(id, type)), attempt: 0, resultsReceived };
}

/** An event as it travels. */
export function encoded(id: string, type = 't'): ReturnType<typeof encoder.encode> {
  const event: WireEvent = {
    id,
    type,
    time: 0,
    source: 'host',
    subject: '',
    contentType: '',
    metadata: {},
    payload: new Uint8Array(),
    depth: 0,
    causationId: '',
  };
  return encoder.encode(event);
}

/** One call of StreamEvents. */
export function streamed(connection: MemoryConnection): {
  frames: AnswerQueue<{ event: ReturnType<typeof encoded>; sequence: number; attempt: number }>;
  answer: Promise<unknown>;
} {
  const frames = new AnswerQueue<{ event: ReturnType<typeof encoded>; sequence: number; attempt: number }>();
  const answer = connection.clientStream(hostEventDescriptor.streamEvents, frames);
  answer.catch(() => {});
  return { frames, answer };
}

/** Reads until the stream fails. */
export async function last(stream: Stream): Promise<never> {
  for (;;) await stream.next();
}

/** Reads until the stream ends. */
export async function all(stream: Stream): Promise<DeliverAnswer[]> {
  const answers: DeliverAnswer[] = [];
  try {
    for (;;) answers.push(await stream.next());
  } catch {
    return answers;
  }
}

/** For places that cannot be reached. */
export function fail(text: string): never {
  throw new Error(text);
}
