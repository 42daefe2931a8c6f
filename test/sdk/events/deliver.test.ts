import { describe, expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { WireEvent } from '../../../src/ports/index.ts';
import { createPluginServices, definePlugin } from '../../../src/sdk/index.ts';
import type { PluginAuthoring } from '../../../src/sdk/index.ts';
import type { EventMap } from '../../../src/sdk/index.ts';
import { createEventEncoder, hostEventDescriptor } from '../../../src/transport/events/index.ts';
import type { DeliverAnswer, DeliverFrame } from '../../../src/transport/events/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import type { MemoryConnection } from '../../../src/transport/memory/index.ts';
import { AnswerQueue } from '../../../src/testing/plugins/answer-queue.ts';

describe('Deliver', () => {
  it('answers the start at once with what is settled and 4,096 credits', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });

    const stream = open({ session: 's', nextSequence: 8 });

    expect(await stream.next()).toEqual({ settled: 7, sendLimit: 4_103, results: [] });
  });

  it('answers a batch of 300 events that are handled at once with 1 answer', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const stream = open();
    await stream.next();

    stream.send(1, 300);

    expect(await stream.next()).toEqual({ settled: 300, sendLimit: 4_396, results: [] });
  });

  it('tells errors and returned events in the order of the events, once for each stream', async () => {
    const { open } = await plugin({ on: { '*': ({ id }) => (id === 'e2' ? fail('no') : { type: `of.${id}` }) } });
    const stream = open();
    await stream.next();

    stream.send(1, 3);
    const first = await stream.next();
    stream.send(4, 1);
    const second = await stream.next();

    expect(first.results.map(({ eventId, emitted, error }) => [eventId, emitted[0]?.type ?? error?.code])).toEqual([
      ['e1', 'of.e1'],
      ['e2', 'HANDLER_FAILED'],
      ['e3', 'of.e3'],
    ]);
    expect(second.results.map(({ eventId }) => eventId)).toEqual(['e4']);
  });

  it('tells a host that comes back what it has settled, with the results that the host has not got', async () => {
    const ran: string[] = [];
    const { open } = await plugin({ on: { '*': ({ id }) => (ran.push(id), { type: 't' }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 3);
    await stream.next();
    stream.cut();

    const again = open({ session: 's', nextSequence: 2 });
    const answer = await again.next();
    again.send(4, 1);
    await again.next();

    expect([answer.settled, answer.results.map(({ sequence }) => Number(sequence))]).toEqual([3, [2, 3]]);
    expect(ran).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('forgets results that the host has, and starts anew for another session', async () => {
    const { open } = await plugin({ on: { '*': () => ({ type: 't' }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 2);
    await stream.next();
    stream.frames.put(frame(0, [], 2));
    stream.cut();

    const same = await open({ session: 's', nextSequence: 1 }).next();
    const other = await open({ session: 'other', nextSequence: 1 }).next();

    expect([same.settled, same.results.length, other.settled]).toEqual([2, 0, 0]);
  });

  it('gives no credits while a whole window of results is kept', async () => {
    const { open } = await plugin({ on: { '*': () => ({ type: 't' }) }, window: 4 });
    const stream = open();
    await stream.next();

    stream.send(1, 4);
    const full = await stream.next();
    stream.frames.put(frame(5, ['e5'], 2));
    const more = await stream.next().catch(codeOf);

    expect([full.settled, full.sendLimit]).toEqual([4, 7]);
    expect(more).toMatchObject({ settled: 5, sendLimit: 9 });
  });

  it('ends the open stream with ABORTED when the host opens another one', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const first = open();
    await first.next();

    const second = open();
    await second.next();

    await expect(first.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each<[string, (stream: Stream) => void]>([
    ['no start', ({ frames }) => frames.put(frame(1, ['e1']))],
    ['a session without a name', ({ frames }) => frames.put(started({ session: '', nextSequence: 1 }))],
    ['a start at event 0', ({ frames }) => frames.put(started({ session: 's', nextSequence: 0 }))],
    ['two starts', (stream) => (stream.start(), stream.start())],
    ['a gap', (stream) => (stream.start(), stream.send(2, 1))],
    ['a repeat', (stream) => (stream.start(), stream.send(1, 2), stream.send(2, 1))],
    ['more than its credits', (stream) => (stream.start(), stream.send(1, 4_097))],
    ['results that it cannot have', ({ frames, start }) => (start(), frames.put(frame(0, [], 1)))],
    ['an event without an id', ({ frames, start }) => (start(), frames.put(frame(1, [''])))],
    ['an event without a type', ({ frames, start }) => (start(), frames.put(frame(1, ['e1'], 0, '')))],
  ])('refuses a host that sends %s with INVALID_ARGUMENT, and harms nothing else', async (_, misbehave) => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const stream = open('later');

    misbehave(stream);

    await expect(last(stream)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const next = open({ session: 'next', nextSequence: 1 });
    await next.next();
    next.send(1, 1);
    expect(await next.next()).toMatchObject({ settled: 1 });
  });

  it('60: ends the stream after the last answer when the host has no more to send', async () => {
    const { open } = await plugin({ on: { '*': () => Promise.resolve(undefined) } });
    const stream = open();
    stream.send(1, 3);
    stream.frames.end();

    const answers = await all(stream);

    expect(answers.at(-1)?.settled).toBe(3);
  });
});

describe('StreamEvents', () => {
  it('62: runs what came before the stream was cut, and 60: answers its end with how many came', async () => {
    const ran: string[] = [];
    const { connection } = await plugin({ on: { '*': ({ id }) => void ran.push(id) } });
    const [cut, whole] = [streamed(connection), streamed(connection)];

    cut.frames.put({ event: encoded('a'), sequence: 1, attempt: 0 });
    cut.frames.end(new RuntimeError('UNAVAILABLE', 'cut'));
    whole.frames.put({ event: encoded('b'), sequence: 1, attempt: 0 });
    whole.frames.end();

    await expect(cut.answer).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await whole.answer).toEqual({ received: 1n });
    expect(ran).toEqual(['a', 'b']);
  });

  it('refuses a gap with INVALID_ARGUMENT', async () => {
    const { connection } = await plugin({ on: { '*': () => undefined } });
    const { frames, answer } = streamed(connection);

    frames.put({ event: encoded('a'), sequence: 2, attempt: 0 });

    await expect(answer).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

// Helpers

interface Stream {
  readonly frames: AnswerQueue<DeliverFrame>;
  readonly start: () => void;
  next(): Promise<DeliverAnswer>;
  /** Sends `count` events, numbered from `first`. */
  send(first: number, count: number): void;
  cut(): void;
}

interface Running {
  readonly connection: MemoryConnection;
  open(start?: NonNullable<DeliverFrame['start']> | 'later'): Stream;
}

const encoder = createEventEncoder();
const START = { session: 's', nextSequence: 1 };

async function plugin(authoring: PluginAuthoring<EventMap, EventMap>): Promise<Running> {
  const environment = createManualEnvironment();
  const broker = { nextId: () => 2, accept: () => fail('no'), dial: () => Promise.reject(new Error('no host')) };
  const { services, close } = await createPluginServices(definePlugin(authoring), { broker, environment });
  const connection = createMemoryConnection(services, { clock: environment.clock });
  onTestFinished(() => {
    connection.close();
    close();
  });
  return { connection, open: (start = START) => opened(connection, start) };
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

function started(start: NonNullable<DeliverFrame['start']>): DeliverFrame {
  return { ...frame(0, []), start };
}

function frame(firstSequence: number, ids: readonly string[], resultsReceived = 0, type = 't'): DeliverFrame {
  return { firstSequence, events: ids.map((id) => encoded(id, type)), attempt: 0, resultsReceived };
}

function encoded(id: string, type = 't'): ReturnType<typeof encoder.encode> {
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

function streamed(connection: MemoryConnection): {
  frames: AnswerQueue<{ event: ReturnType<typeof encoded>; sequence: number; attempt: number }>;
  answer: Promise<unknown>;
} {
  const frames = new AnswerQueue<{ event: ReturnType<typeof encoded>; sequence: number; attempt: number }>();
  const answer = connection.clientStream(hostEventDescriptor.streamEvents, frames);
  answer.catch(() => {});
  return { frames, answer };
}

async function last(stream: Stream): Promise<never> {
  for (;;) await stream.next();
}

async function all(stream: Stream): Promise<DeliverAnswer[]> {
  const answers: DeliverAnswer[] = [];
  try {
    for (;;) answers.push(await stream.next());
  } catch {
    return answers;
  }
}

function fail(text: string): never {
  throw new Error(text);
}

function codeOf(error: unknown): unknown {
  return RuntimeError.from(error).code;
}
