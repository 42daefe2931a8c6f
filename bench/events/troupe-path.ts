// A bus, plugins that subscribe to it, and what became of their events.
//
// The parts of the host are put together as the host does it, with one thing between them: the source of each
// subscription is watched, so that a row learns of each acknowledgement without asking all the time.

import { fileURLToPath } from 'node:url';
import { createHost, createRealEnvironment } from 'troupe';
import type { Plugin } from 'troupe';
import { createBus, createEmitGate, createHostEventService } from '../../src/bus/index.ts';
import { HOST_EVENT_SERVICE_ID, startEventStream } from '../../src/bus/index.ts';
import type { EventSource, EventStream, Receipt, Subscription } from '../../src/bus/index.ts';
import { createSilentLogger } from '../../src/ports/index.ts';
import type { EventDraft } from '../../src/ports/index.ts';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import { EVENT_SOURCE } from './sample.ts';

/** How the plugins of a row get their events. `foreign` is the Go plugin of the awf protocol; `none` are no plugins. */
export type PathForm = 'acked' | 'stream' | 'unary' | 'foreign' | 'none';

/** What a path is made of. */
export interface PathOptions {
  readonly form: PathForm;
  readonly subscribers: number;
  /** Events that may wait: a publisher that is ahead waits by its receipt, and is not woken for every single event. */
  readonly capacity: number;
  readonly lazy: boolean;
  /** Program of the Go pair. */
  readonly goPair: string;
}

/** A bus with its plugins. Whoever opens it closes it. */
export interface EventPath {
  readonly pids: readonly number[];
  publish(draft: EventDraft): Receipt;
  /** A subscription that gets nothing. */
  subscribeToNothing(pattern: string): void;
  /** How many events are settled, each subscriber's for itself. */
  readonly settled: number;
  /** Events that were not delivered: dropped, failed or unknown. */
  readonly lost: number;
  /** Calls back at each settled event; one listener at a time. */
  onSettled(listener: (() => void) | undefined): void;
  /** How many events the Go plugin of the awf protocol says it has had. */
  foreignCount(): Promise<number>;
  close(): Promise<void>;
}

/** Starts the plugins and subscribes them. */
export async function openEventPath(options: PathOptions): Promise<EventPath> {
  const { form, subscribers, capacity, goPair } = options;
  // A full queue, at which publishers wait here all the time, is worth a line of log.
  const host = createHost({ environment: createRealEnvironment({ logger: createSilentLogger() }) });
  const { system } = host;
  const { clock } = system.environment;
  const bus = createBus({ system, source: EVENT_SOURCE });
  const plugins: Plugin[] = [];
  const streams: EventStream[] = [];
  const subscriptions: Subscription[] = [];
  let settled = 0;
  let listener: (() => void) | undefined;
  const onSettled = (): void => {
    settled += 1;
    listener?.();
  };
  const subscribe = (name: string, pattern: string): Subscription => {
    const subscription = bus.subscribe({ name, patterns: [pattern], overflow: 'block', capacity });
    subscriptions.push(subscription);
    return subscription;
  };
  for (let number = 1; number <= (form === 'none' ? 0 : subscribers); number += 1) {
    const name = `bench-${number}`;
    const plugin = await host.launch({ name, insecure: true, compileCache: 'off', ...commandOf(options, goPair) });
    plugins.push(plugin);
    const source = watched(subscribe(name, 'order.*').source, onSettled);
    const contract = form === 'foreign' ? 'awf' : 'troupe';
    const stream = startEventStream(system, { source, connection: plugin.connection, contract, session: name, name });
    streams.push(stream);
    if (form === 'foreign') continue;
    const gate = createEmitGate({ plugin: name, bus: bus.gateway, permissions: [] });
    const onResults = (results: Parameters<EventStream['reportResults']>[0]) => void stream.reportResults(results);
    const service = createHostEventService({ gate, clock, onResults });
    await plugin.broker.accept(HOST_EVENT_SERVICE_ID, [service], { keepAdvertised: true });
  }
  return {
    pids: [process.pid, ...plugins.map((plugin) => plugin.status().pid ?? 0)],
    publish: (draft) => bus.publish(draft),
    subscribeToNothing: (pattern) => void subscribe(`nobody-${subscriptions.length}`, pattern),
    get settled() {
      return settled;
    },
    get lost() {
      const counters = subscriptions.map((subscription) => subscription.counters);
      return counters.reduce((sum, { dropped, failed, unknown }) => sum + dropped + failed + unknown, 0);
    },
    onSettled(next) {
      listener = next;
    },
    async foreignCount() {
      const { text } = await (plugins[0] as Plugin).dispense(ProbeServiceService).echo({ text: '' });
      return Number(text);
    },
    async close() {
      await bus.stop({ drainMs: 0 });
      await Promise.all(streams.map((stream) => stream.stop({ drainMs: 0 })));
      await host.stop();
    },
  };
}

function commandOf({ form, lazy }: PathOptions, goPair: string) {
  if (form === 'foreign') return { command: goPair, args: ['plugin', '-awf'], contract: 'awf' } as const;
  const plugin = fileURLToPath(new URL('troupe-plugin.ts', import.meta.url));
  return { command: process.execPath, args: [...process.execArgv, plugin, form, lazy ? 'lazy' : 'full'] };
}

/** The same source, whose settled events are told. */
function watched(source: EventSource, onSettled: () => void): EventSource {
  return {
    name: source.name,
    get waiting() {
      return source.waiting;
    },
    get open() {
      return source.open;
    },
    take: (maxEvents, maxBytes) => source.take(maxEvents, maxBytes),
    delivered(delivery, emitted) {
      source.delivered(delivery, emitted);
      onSettled();
    },
    failed(delivery, error, emitted) {
      source.failed(delivery, error, emitted);
      onSettled();
    },
    unknown(delivery) {
      source.unknown(delivery);
      onSettled();
    },
    giveBack: (deliveries, options) => source.giveBack(deliveries, options),
    onAvailable: (next) => source.onAvailable(next),
  };
}
