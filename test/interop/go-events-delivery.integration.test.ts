// Our bus and delivery with the Go plugins that take events: the guarantee of each form, against code that is not ours.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchOptions, Plugin } from 'troupe';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createBus, createEmitGate, createHostEventService } from '../../src/bus/index.ts';
import { HOST_EVENT_SERVICE_ID, startEventStream } from '../../src/bus/index.ts';
import type { Bus, EventContract, EventStream, Subscription } from '../../src/bus/index.ts';
import { goEventPeers } from '../peers/go/event-peers.ts';
import type { GoEventPeers } from '../peers/go/event-peers.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { openHost, temporaryDirectory, until } from './support.ts';
import type { TestHost } from './support.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const EVENTS = 3_000;

let peers: GoEventPeers;

describeWithPeer('go', 'our delivery to the Go plugins', () => {
  beforeAll(async () => {
    peers = await goEventPeers();
  }, BUILD_LIMIT_MS);

  describe.each([
    ['acked', 'deliver,stream,unary'],
    ['stream', 'stream,unary'],
  ] as const)('in the form %s', (form, forms) => {
    it(`delivers ${EVENTS} events once and in order`, async () => {
      const { bus, carrier, journal } = await connect([`-forms=${forms}`]);

      const ids = await publishAll(bus, EVENTS);

      await until(() => expect(carrier.subscription.counters).toMatchObject({ delivered: EVENTS, pending: 0 }), 20_000);
      expect(journal()).toEqual(ids);
      expect(carrier.stream?.form).toBe(form);
    });
  });

  it('delivers 100 events by single calls, once and in order', async () => {
    const { bus, carrier, journal } = await connect(['-forms=unary']);

    const ids = await publishAll(bus, 100);

    await until(() => expect(carrier.subscription.counters).toMatchObject({ delivered: 100, pending: 0 }), 20_000);
    expect(journal()).toEqual(ids);
    expect(carrier.stream?.form).toBe('unary');
  });

  it('counts the events that its handler refuses as failed, and delivers the others', async () => {
    const { bus, carrier } = await connect(['-fail=order.bad']);

    await publishAll(bus, 50, 'order.bad');
    await publishAll(bus, 50);

    await until(() => expect(carrier.subscription.counters).toMatchObject({ delivered: 50, failed: 50, pending: 0 }));
  });

  it('publishes what the plugin emits by calling back, with the event as the cause', async () => {
    const { bus, emits } = await connect(['-emit=seen.it'], { emit: ['seen.*'] });
    const seen: { readonly depth: number; readonly causationId: string | undefined }[] = [];
    bus.on('seen.*', ({ depth, causationId }) => void seen.push({ depth, causationId }));

    const ids = await publishAll(bus, 20);

    await until(() => expect(seen).toEqual(ids.map((causationId) => ({ depth: 1, causationId }))));
    await until(() => expect(emits()).toHaveLength(20));
  });

  it('refuses what the plugin may not emit, with EMIT_DENIED', async () => {
    const { bus, emits } = await connect(['-emit=other.thing'], { emit: ['seen.*'] });

    await publishAll(bus, 1);

    await until(() => expect(emits()).toEqual(['- EMIT_DENIED']));
  });

  it(`has all of ${EVENTS} events in the journal when the plugin is killed with SIGKILL in the middle`, async () => {
    const { bus, carrier, plugin, journal } = await connect(['-delay=100us']);
    const publishing = publishAll(bus, EVENTS);
    await until(() => expect(carrier.subscription.counters.delivered).toBeGreaterThan(500), 20_000);

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    const ids = await publishing;

    await until(() => expect(carrier.subscription.counters).toMatchObject({ delivered: EVENTS, pending: 0 }), 20_000);
    const handled = journal();
    expect([...new Set(handled)]).toEqual(ids);
    // What was in the air came twice, to another process, and was counted.
    const again = handled.length - EVENTS;
    expect(again).toBeLessThanOrEqual(carrier.subscription.counters.redelivered);
    expect(carrier.processes).toBe(2);
  });

  describe('of the awf protocol', () => {
    it.each([
      ['stream', []],
      ['unary', ['-without-stream']],
    ] as const)('delivers 200 events in the form %s, once and in order', async (form, args) => {
      const { bus, carrier, journal } = await connect(args, { contract: 'awf' });

      const ids = await publishAll(bus, 200);

      await until(() => expect(carrier.subscription.counters).toMatchObject({ delivered: 200, pending: 0 }), 20_000);
      // Without results, what the call has taken is delivered; the plugin has it soon.
      await until(() => expect(journal()).toEqual(ids), 20_000);
      expect(carrier.stream?.form).toBe(form);
    });
  });
});

describeWithPeer('go', 'the Go plugin on the bus of a host', () => {
  beforeAll(async () => {
    peers = await goEventPeers();
  }, BUILD_LIMIT_MS);

  it(`has ${EVENTS} events in its journal, each in order, over a SIGKILL in the middle`, async () => {
    const { host, plugin, journal } = await launchOnBus(['-delay=100us'], {
      subscribe: ['order.*'],
      overflow: 'block',
    });
    const publishing = publishAll(host.bus, EVENTS);
    await until(() => expect(journal().length).toBeGreaterThan(500), 20_000);

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    const ids = await publishing;

    await until(() => expect(new Set(journal()).size).toBe(EVENTS), 20_000);
    expect([...new Set(journal())]).toEqual(ids);
    expect(plugin.status().restarts).toBe(1);
  });

  it('may emit within Init', async () => {
    const early: string[] = [];
    const { plugin, emits } = await launchOnBus(['-emit-in-init=plugin.hello'], { emit: ['plugin.*'] }, (host) =>
      host.bus.on('plugin.hello', ({ source, depth }) => void early.push(`${source} ${depth}`)),
    );

    await plugin.ready();

    await until(() => expect(early).toEqual(['go-events 0']));
    expect(emits()).toEqual([expect.stringMatching(/ published$/)]);
  });
});

// Helpers

async function launchOnBus(
  args: readonly string[],
  events: NonNullable<LaunchOptions['events']>,
  before: (host: TestHost['host']) => unknown = () => undefined,
) {
  const { host } = openHost();
  before(host);
  const directory = temporaryDirectory({ mayLeaveFiles: true });
  const [journal, emits] = [join(directory, 'journal'), join(directory, 'emits')];
  const env = { JOURNAL: journal, EMITS: emits };
  const backoff = { initialMs: 10, maxMs: 100 };
  const plugin = await host.launch({ name: 'go-events', command: peers.events, args, env, backoff, events });
  return { host, plugin, journal: () => linesOf(journal), emits: () => linesOf(emits) };
}

interface ConnectOptions {
  readonly contract?: EventContract;
  /** Patterns of what the plugin may emit. */
  readonly emit?: readonly string[];
}

/** A plugin that subscribes to `order.*`, on a bus of its own. */
async function connect(args: readonly string[], { contract = 'troupe', emit = [] }: ConnectOptions = {}) {
  const opened = openHost();
  const { system } = opened.host;
  const bus = createBus({ system });
  onTestFinished(async () => void (await bus.stop({ drainMs: 0 })));
  const directory = temporaryDirectory({ mayLeaveFiles: true });
  const [journal, emits] = [join(directory, 'journal'), join(directory, 'emits')];
  const options = {
    name: 'go-events',
    command: contract === 'awf' ? peers.awf : peers.events,
    args,
    contract,
    env: { JOURNAL: journal, EMITS: emits },
    backoff: { initialMs: 10, maxMs: 100 },
  } satisfies LaunchOptions;
  const plugin = await opened.host.launch(options);
  const carrier = carry(opened, bus, plugin, { contract, emit });
  await carrier.start();
  return { bus, carrier, plugin, journal: () => linesOf(journal), emits: () => linesOf(emits) };
}

/** What the host does for a plugin with events: one subscription, and a stream for each of its processes. */
function carry({ host }: TestHost, bus: Bus, plugin: Plugin, { contract, emit = [] }: ConnectOptions) {
  const { name } = plugin;
  const subscription: Subscription = bus.subscribe({ name, patterns: ['order.*'], overflow: 'block' });
  const gate = createEmitGate({ plugin: name, bus: bus.gateway, permissions: emit });
  const { clock } = host.system.environment;
  let stream: EventStream | undefined;
  let processes = 0;
  const start = async (): Promise<void> => {
    processes += 1;
    const session = `${name}-${processes}`;
    const { source, deliveries } = subscription;
    const started = startEventStream(host.system, {
      source,
      connection: plugin.connection,
      contract,
      session,
      name: session,
    });
    stream = started;
    const service = createHostEventService({
      gate,
      clock,
      deliveries,
      onResults: (results) => void started.reportResults(results),
    });
    if (contract !== 'awf') {
      await plugin.broker.accept(HOST_EVENT_SERVICE_ID, [service], { keepAdvertised: true });
    }
  };
  plugin.onFact(({ type }) => {
    if (type === 'plugin.failed') void stream?.lost();
    if (type === 'plugin.ready') void stream?.ended.then(start);
  });
  onTestFinished(async () => void (await stream?.stop({ drainMs: 0 })));
  return {
    subscription,
    start,
    get stream() {
      return stream;
    },
    get processes() {
      return processes;
    },
  };
}

/** Publishes numbered events as fast as the subscription takes them, and returns their ids. */
async function publishAll(bus: Bus, count: number, type = 'order.placed'): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const receipt = bus.publish({ type, payload: { number }, metadata: { number: `${number}` } });
    if (!receipt.accepted) throw receipt.error;
    ids.push(receipt.id);
    await receipt.queued;
  }
  return ids;
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
