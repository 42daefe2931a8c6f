import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import { startEventStream } from '../../../src/bus/delivery/index.ts';
import type { EventStream, EventStreamOptions } from '../../../src/bus/delivery/index.ts';
import { EventServiceService } from '../../../src/gen/plugin/v1/plugin.ts';
import type { EventStreamFact } from '../../../src/machines/index.ts';
import { createRealEnvironment, createSilentLogger, service } from '../../../src/ports/index.ts';
import type { ServedService } from '../../../src/ports/index.ts';
import { createScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import type { EventPeerScript, ScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../../src/transport/go-plugin/credentials.ts';
import { createGrpcConnection, createGrpcServer } from '../../../src/transport/grpc/index.ts';
import type { ChannelMaterial, GrpcConnection } from '../../../src/transport/grpc/index.ts';
import { createFakeSource } from './support.ts';
import type { FakeSource } from './support.ts';

const environment = createRealEnvironment({ logger: createSilentLogger() });
const { clock } = environment;
const host = createCertificate({ now: clock.now() });
const plugin = createCertificate({ now: clock.now() });

describe('a plain stream over a socket, with many events in a write', () => {
  it.each([
    ['plain', undefined, undefined],
    ['with mutual TLS', channelMaterial(host, plugin.certificatePem), channelMaterial(plugin, host.certificatePem)],
  ])('delivers 10,000 events once, in order and numbered without a gap, %s', async (_, hostSide, pluginSide) => {
    const { source, peer, stream, facts } = await start({ hostSide, pluginSide });

    source.publish(10_000);
    await fact(facts, 'stream.opened');
    await stop(stream);

    expect(peer.received.map(({ id }) => id)).toEqual(source.published);
    expect(peer.received.map(({ sequence }) => sequence)).toEqual(source.published.map((__, index) => index + 1));
    expect(new Set(peer.received.map(({ form }) => form))).toEqual(new Set(['stream']));
    expect([source.settled.delivered.length, source.complaints]).toEqual([10_000, []]);
  });

  it('goes on with single calls, and loses nothing, when the plugin knows no stream', async () => {
    const { source, peer, stream } = await start({ script: { unimplemented: ['acked', 'stream'] } });

    source.publish(500);
    await stop(stream);

    expect(peer.received.map(({ id, form }) => `${form} ${id}`)).toEqual(source.published.map((id) => `unary ${id}`));
    expect([source.settled.delivered, source.complaints]).toEqual([source.published, []]);
  });

  it('counts what a cut leaves without a result as unknown, and repeats none of it', async () => {
    const cut = { message: 300, handled: false };
    const { source, peer, stream, facts } = await start({ script: { cut }, policy: { lateResultsMs: 50 } });

    source.publish(3_000);
    await fact(facts, 'stream.cut');
    peer.script.cut = undefined;
    await stop(stream);

    const { delivered, unknown } = source.settled;
    expect([delivered.length + unknown.length, unknown.length > 0, source.complaints]).toEqual([3_000, true, []]);
    expect(peer.received.filter(({ isRepeated }) => isRepeated)).toEqual([]);
  });

  it('stalls three times and ends the stream of a plugin that reads nothing, with a bounded amount on its way', async () => {
    const policy = { sendTimeoutMs: 40, lateResultsMs: 10 } as const;
    const { source, facts, stream } = await start({ script: { isDeaf: true }, policy });

    source.publish(20_000);
    const ended = await fact(facts, 'stream.cut');

    expect(ended).toMatchObject({ code: 'EVENT_STREAM_STALLED' });
    // The window, and the single call that comes after it.
    expect(source.onTheirWay).toBeLessThanOrEqual(4_096 + 1);
    await stream.lost();
    expect(source.isBalanced).toBe(true);
  });

  it('ends at the signal of its owner while the plugin reads nothing, and the socket with it', async () => {
    const { source, stream, connection } = await start({ script: { isDeaf: true } });

    source.publish(4_000);
    while (source.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    await stream.lost();
    while (connection.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));

    expect([source.onTheirWay, source.isBalanced]).toEqual([0, true]);
  });

  it('delivers 20,000 events to a plugin of the awf protocol, which reports no results', async () => {
    const got: string[] = [];
    const awf = service(EventServiceService, {
      async streamEvents(requests) {
        for await (const { id } of requests) got.push(id);
        return {};
      },
      handleEvent: () => ({ emittedEvents: [] }),
    });
    const { source, stream, facts } = await start({ services: [awf], contract: 'awf' });

    source.publish(20_000);
    await fact(facts, 'stream.opened');
    await stop(stream);

    expect(got).toEqual(source.published);
    expect([source.settled.delivered.length, source.complaints]).toEqual([20_000, []]);
  });
});

// Helpers

interface StartOptions extends Partial<Pick<EventStreamOptions, 'policy' | 'contract'>> {
  readonly script?: Partial<EventPeerScript>;
  readonly services?: readonly ServedService[];
  readonly hostSide?: ChannelMaterial | undefined;
  readonly pluginSide?: ChannelMaterial | undefined;
}

interface Started {
  readonly source: FakeSource;
  readonly peer: ScriptedEventPeer;
  readonly stream: EventStream;
  readonly connection: GrpcConnection;
  readonly facts: Facts;
}

/** Facts, and who waits for one of a type. */
interface Facts {
  readonly told: EventStreamFact[];
  wake: (() => void) | undefined;
}

async function start({ script = {}, services, hostSide, pluginSide, ...options }: StartOptions): Promise<Started> {
  const source = createFakeSource();
  const peer = createScriptedEventPeer({
    script: { unimplemented: ['acked'], ...script },
    report: (results) => void stream.reportResults(results),
  });
  const directory = mkdtempSync(join(tmpdir(), 'troupe-packed-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 's');
  const server = createGrpcServer({ services: services ?? peer.services, clock, credentials: pluginSide });
  onTestFinished(() => server.close());
  await server.listen({ network: 'unix', path });
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock, credentials: hostSide });
  onTestFinished(() => connection.close());
  const system = createSystem({ environment });
  onTestFinished(async () => void (await system.stop()));
  const stream = startEventStream(system, { source, connection, session: 's', name: 'events', ...options });
  const facts: Facts = { told: [], wake: undefined };
  stream.onFact((one) => {
    facts.told.push(one);
    facts.wake?.();
  });
  return { source, peer, stream, connection, facts };
}

async function stop(stream: EventStream): Promise<void> {
  await expect(stream.stop({ drainMs: 20_000 })).resolves.toEqual({ kind: 'closed' });
}

async function fact(facts: Facts, type: EventStreamFact['type']): Promise<EventStreamFact> {
  for (;;) {
    const found = facts.told.find((one) => one.type === type);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => {
      facts.wake = resolve;
    });
  }
}
