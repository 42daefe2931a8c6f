import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import type { PluginConnection, ServedService, WireEvent } from '../../../src/ports/index.ts';
import { createEventEncoder, hostEventDescriptor, pluginEventDescriptor } from '../../../src/transport/events/index.ts';
import type { DeliverAnswer, DeliverBatch, DeliverFrame } from '../../../src/transport/events/index.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { exampleEvent } from './example-event.ts';

const clock = createRealClock();

describe.each<[string, (service: ServedService) => Promise<PluginConnection>]>([
  ['memory', overMemory],
  ['a unix socket', overSocket],
])('events over %s', (_, connect) => {
  it.each([1, 2, 16, 256, 1_000])('arrive whole and in order by Deliver, %i a batch', async (size) => {
    const received: WireEvent[] = [];
    const connection = await connect(plugin(received));
    const { frames, events } = framesOf(2_000, size);

    const answers: DeliverAnswer[] = [];
    for await (const answer of connection.bidiStream(hostEventDescriptor.deliver, frames)) answers.push(answer);

    expect(received).toEqual(events);
    expect(answers[0]).toEqual({ settled: 0, sendLimit: 5_000, results: [] });
    expect(answers.at(-1)?.settled).toBe(2_000);
    expect(answers).toHaveLength(Math.ceil(2_000 / size) + 1);
  });

  it('arrive by StreamEvents, and by HandleEvent with the answer of the handler', async () => {
    const received: WireEvent[] = [];
    const connection = await connect(plugin(received));
    const encoder = createEventEncoder();
    const events = Array.from({ length: 300 }, (__, n) => exampleEvent(n));
    const frames = events.map((event, n) => ({ event: encoder.encode(event), sequence: n + 1, attempt: 0 }));

    const { received: taken } = await connection.clientStream(hostEventDescriptor.streamEvents, frames);
    const request = { event: encoder.encode(exampleEvent(300)), attempt: 2 };
    const { error } = await connection.unary(hostEventDescriptor.handleEvent, request);

    expect(taken).toBe(300n);
    expect(error).toEqual({ code: 'HANDLER_FAILED', message: 'attempt 2' });
    expect(received).toEqual([...events, exampleEvent(300)]);
  });

  it('leave the memory of the host alone when a handler writes to a payload', async () => {
    const received: WireEvent[] = [];
    const connection = await connect(plugin(received));
    const event = createEventEncoder().encode(exampleEvent(1));

    await connection.unary(hostEventDescriptor.handleEvent, { event, attempt: 0 });
    received[0]?.payload.fill(9);
    await connection.unary(hostEventDescriptor.handleEvent, { event, attempt: 0 });

    expect(received[1]).toEqual(exampleEvent(1));
  });

  it('are refused when their bytes are no message, and the connection goes on', async () => {
    const connection = await connect(plugin([]));
    const garbage = { ...hostEventDescriptor.handleEvent, requestSerialize: () => Buffer.from([0x0a, 0x7f, 1]) };
    const event = createEventEncoder().encode(exampleEvent(1));

    const refused = connection.unary(garbage, { event, attempt: 0 });

    await expect(refused).rejects.toThrow(/INTERNAL\] Error deserializing request/);
    await expect(connection.unary(hostEventDescriptor.handleEvent, { event, attempt: 1 })).resolves.toBeDefined();
  });
});

// Helpers

function plugin(received: WireEvent[]): ServedService {
  return {
    descriptor: pluginEventDescriptor,
    implementation: {
      async *deliver(batches: AsyncIterable<DeliverBatch>): AsyncIterable<DeliverAnswer> {
        for await (const { start, firstSequence, events } of batches) {
          if (start !== undefined) yield { settled: start.nextSequence - 1, sendLimit: 5_000, results: [] };
          if (events.length === 0) continue;
          received.push(...events.map((event) => event.decode()));
          yield { settled: firstSequence + events.length - 1, sendLimit: 5_000, results: [] };
        }
      },
      async streamEvents(requests: AsyncIterable<{ event: { decode(): WireEvent } }>) {
        for await (const { event } of requests) received.push(event.decode());
        return { received: BigInt(received.length) };
      },
      async handleEvent({ event, attempt }: { event: { decode(): WireEvent }; attempt: number }) {
        received.push(event.decode());
        return { emitted: [], error: { code: 'HANDLER_FAILED', message: `attempt ${attempt}` } };
      },
    },
  } as ServedService;
}

function framesOf(count: number, size: number): { readonly frames: DeliverFrame[]; readonly events: WireEvent[] } {
  const encoder = createEventEncoder();
  const events = Array.from({ length: count }, (_, n) => exampleEvent(n));
  const encoded = events.map((event) => encoder.encode(event));
  const head = {
    start: { session: 's', nextSequence: 1 },
    firstSequence: 0,
    events: [],
    attempt: 0,
    resultsReceived: 0,
  };
  const frames: DeliverFrame[] = [head];
  for (let at = 0; at < count; at += size) {
    frames.push({ firstSequence: at + 1, events: encoded.slice(at, at + size), attempt: 0, resultsReceived: at });
  }
  return { frames, events };
}

async function overMemory(service: ServedService): Promise<PluginConnection> {
  const connection = createMemoryConnection([service], { clock });
  onTestFinished(() => connection.close());
  return connection;
}

async function overSocket(service: ServedService): Promise<PluginConnection> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-events-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 's');
  const server = createGrpcServer({ services: [service], clock });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock });
  onTestFinished(() => connection.close());
  return connection;
}
