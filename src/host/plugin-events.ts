// What connects one version of a plugin to the bus, over all the processes that run it one after the other. The seat that
// the versions share decides which of them gets the events.
//
// Invariants:
//   V1. The way to the host is open before the plugin's Init, and belongs to one process of one plugin.
//   V2. The subscription begins when the Init of the first version is done, just before it takes calls, and outlives its
//       processes: what is published during a restart waits. What the bus refuses then has failed the launch.
//   V3. A stop of the version that holds the seat delivers what waits, within the drain time; only then is the process asked
//       to exit.
//   V4. One process at a time gets the events: the next one when nothing is on its way to the one before.
//   V5. When the plugin has ended, nothing of it is left on the bus.
//   V6. A process that events cannot be carried to ends the subscription: it would hold up publishers for nothing. The
//       next process begins another one. Not so when another version takes the events back.

import type { EventStreamFailure, EventStreamOutcome } from '../machines/index.ts';
import type { Logger, PlacedPlugin, Placement, PluginConnection, ServedService } from '../ports/index.ts';
import { RuntimeError } from '../errors/index.ts';
import { EventSeat } from './event-seat.ts';
import type { SeatedSubscription, SeatMember } from './event-seat.ts';

/** The plugin's subscription, as far as the host uses it. */
export interface HostedSubscription extends SeatedSubscription {
  /** Takes no further events, and settles when those that wait are settled or the time is over. Idempotent. */
  stop(options: { readonly drainMs: number }): Promise<unknown>;
}

/** What carries events to one process. */
export interface HostedStream {
  /** Takes no further event out of the queue; what it has goes on. Idempotent. */
  shut(): void;
  /** Sends nothing new after the drain; settles when nothing is on its way. */
  stop(options: { readonly drainMs: number }): Promise<unknown>;
  /** The process is gone. Settles when nothing is on its way. Idempotent. */
  lost(): Promise<unknown>;
  /** Settles when nothing of it is left. Never rejects. */
  readonly ended: Promise<EventStreamOutcome>;
}

/** What the bus gives for one version of a plugin. */
export interface PluginEventPorts<Subscription extends HostedSubscription, Stream extends HostedStream> {
  /** Patterns of the events that it gets. */
  readonly patterns: readonly string[];
  /** Makes the plugin's subscription; undefined when it gets no events. Throws what the bus refuses. */
  subscribe(): Subscription | undefined;
  /** Makes the way to the host for one process. `current` gives what carries events to it, once it does. */
  serve(current: {
    readonly subscription: () => Subscription | undefined;
    readonly stream: () => Stream | undefined;
  }): {
    readonly id: number;
    readonly service: ServedService;
  };
  /** Starts to carry events to one process. `process` counts from 1. */
  carry(subscription: Subscription, connection: PluginConnection, process: number): Stream;
  /** Told that no event can be carried to the present process (V6). */
  failed(failure: EventStreamFailure): void;
}

/** What the chart and the handle of one version tell it. */
export interface PluginEvents {
  /** V1. Wraps the version's placement. */
  place(inner: Placement): Placement;
  /** The newest process takes calls. */
  ready(connection: PluginConnection): void;
  /** V3. The process is about to be asked to exit: for good, or to be started again. Never rejects. */
  drain(isFinal: boolean): Promise<void>;
  /**
   * The version gets the events of the plugin from now on, and the one before no more. Settles when they have moved: what is
   * on its way has `drainMs` to be settled there.
   *
   * @throws what the bus refuses; then nothing has changed
   */
  takeSeat(drainMs: number): Promise<void>;
  /** V5. The version has ended. Never rejects. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface PluginEventsOptions<Subscription extends HostedSubscription, Stream extends HostedStream> {
  readonly ports: PluginEventPorts<Subscription, Stream>;
  readonly log: Logger;
  readonly drainMs: number;
  /** What the versions of the plugin share. Default: a seat of its own, for a plugin that has one version. */
  readonly seat?: EventSeat<Subscription>;
  /** Asked when no event can be carried to it: true when another version takes the seat. Default: none does. */
  readonly isTakenBack?: (failure: EventStreamFailure) => boolean;
}

/** Connects a version of a plugin to the bus. */
export function createPluginEvents<Subscription extends HostedSubscription, Stream extends HostedStream>(
  options: PluginEventsOptions<Subscription, Stream>,
): PluginEvents {
  return new Events(options);
}

/** For a version that has nothing to do with events. */
export function createNoEvents<Subscription extends HostedSubscription>(seat: EventSeat<Subscription>): PluginEvents {
  const member: SeatMember<Subscription> = {
    patterns: [],
    subscribe: () => undefined,
    pause: () => {},
    letGo: () => Promise.resolve(),
    begin: () => {},
  };
  seat.enter(member);
  return {
    place: (inner) => inner,
    ready: () => {},
    drain: () => Promise.resolve(),
    takeSeat: (drainMs) => seat.give(member, drainMs),
    close: () => Promise.resolve(),
  };
}

class Events<Subscription extends HostedSubscription, Stream extends HostedStream>
  implements PluginEvents, SeatMember<Subscription>
{
  readonly #options: PluginEventsOptions<Subscription, Stream>;
  readonly #seat: EventSeat<Subscription>;
  #stream: Stream | undefined;
  /** Of the newest process that took calls. */
  #connection: PluginConnection | undefined;
  /** Processes that took calls. */
  #processes = 0;
  /** How many of them are gone. */
  #gone = 0;
  /** The end of subscriptions that have failed (V6). */
  #ending: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: PluginEventsOptions<Subscription, Stream>) {
    this.#options = options;
    this.#seat = options.seat ?? new EventSeat();
    this.#seat.enter(this);
  }

  get patterns(): readonly string[] {
    return this.#options.ports.patterns;
  }

  place(inner: Placement): Placement {
    return {
      place: async (launch) => {
        const placed = await inner.place(launch);
        void placed.exited.then(() => this.#lose());
        return withProbe(placed, async (probe) => {
          await this.#open(placed);
          await probe();
          this.#subscribe();
        });
      },
    };
  }

  ready(connection: PluginConnection): void {
    if (this.#isClosed) return;
    this.#processes += 1;
    this.#connection = connection;
    const process = this.#processes;
    // V4.
    if (this.#isHolder) void this.#seat.free.then(() => this.#carry(process));
  }

  async drain(isFinal: boolean): Promise<void> {
    const { drainMs } = this.#options;
    const isToStop = isFinal && this.#isHolder;
    // In this order: a stream that was stopped first would leave behind what waits.
    if (isToStop) await this.#quietly(this.#seat.subscription?.stop({ drainMs }));
    await this.#quietly(this.#stream?.stop({ drainMs: isToStop ? 0 : drainMs }));
  }

  takeSeat(drainMs: number): Promise<void> {
    return this.#seat.give(this, drainMs);
  }

  subscribe(): Subscription | undefined {
    return this.#options.ports.subscribe();
  }

  pause(): void {
    this.#stream?.shut();
  }

  async letGo(drainMs: number): Promise<void> {
    const stream = this.#stream;
    await this.#quietly(stream?.stop({ drainMs }));
    if (this.#stream === stream) this.#stream = undefined;
  }

  begin(): void {
    this.#carry(this.#processes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#lose();
    if (this.#isHolder) {
      await this.#seat.free;
      await this.#quietly(this.#seat.subscription?.stop({ drainMs: 0 }));
      this.#seat.subscription = undefined;
    }
    await this.#ending;
  }

  get #isHolder(): boolean {
    return this.#seat.isHeldBy(this);
  }

  /** V2. */
  #subscribe(): void {
    if (this.#isClosed || !this.#isHolder || this.#seat.subscription !== undefined) return;
    try {
      this.#seat.subscription = this.subscribe();
    } catch (error) {
      // A plugin that has been running must not crash again and again for what others did to the bus.
      if (this.#processes === 0) throw error;
      this.#options.log.log('error', 'the plugin gets no events any more', { error });
    }
  }

  #carry(process: number): void {
    const { subscription } = this.#seat;
    const connection = this.#connection;
    if (this.#isClosed || subscription === undefined || connection === undefined || this.#gone >= process) return;
    if (!this.#isHolder || this.#stream !== undefined) return;
    try {
      const stream = this.#options.ports.carry(subscription, connection, process);
      this.#stream = stream;
      void stream.ended.then((outcome) => {
        if (outcome.kind === 'failed' && this.#stream === stream) this.#fail(outcome.failure);
      });
    } catch (reason) {
      const { code, rawMessage: message } = RuntimeError.from(reason);
      this.#fail({ code, message });
    }
  }

  /** V6. */
  #fail(failure: EventStreamFailure): void {
    this.#stream = undefined;
    const isTakenBack = this.#isHolder && (this.#options.isTakenBack?.(failure) ?? false);
    if (this.#isHolder && !isTakenBack) {
      const { subscription } = this.#seat;
      this.#seat.subscription = undefined;
      this.#ending = this.#quietly(subscription?.stop({ drainMs: 0 }));
    }
    this.#options.ports.failed(failure);
  }

  /** V1. */
  async #open(placed: PlacedPlugin): Promise<void> {
    const { id, service } = this.#options.ports.serve({
      subscription: () => this.#seat.subscription,
      stream: () => this.#stream,
    });
    // Kept advertised: a plugin dials when it first emits, however late. It is closed with the plugin's broker.
    await placed.broker().accept(id, [service], { keepAdvertised: true });
  }

  #lose(): void {
    this.#gone = this.#processes;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) this.#seat.awaitBefore(this.#quietly(stream.lost()));
  }

  async #quietly(work: Promise<unknown> | undefined): Promise<void> {
    try {
      await work;
    } catch (reason) {
      const error = RuntimeError.from(reason);
      this.#options.log.log('warn', `the events of the plugin did not end in order: ${error.rawMessage}`, { error });
    }
  }
}

/** An instance with another probe, which is given the own one: that one ends with the plugin's Init. */
function withProbe(placed: PlacedPlugin, probe: (own: () => Promise<void>) => Promise<void>): PlacedPlugin {
  return {
    pid: placed.pid,
    exited: placed.exited,
    handshake: (signal) => placed.handshake(signal),
    connect: (signal) => placed.connect(signal),
    probe: (signal) => probe(() => placed.probe(signal)),
    connection: () => placed.connection(),
    broker: () => placed.broker(),
    checkHealth: (signal) => placed.checkHealth(signal),
    requestShutdown: (signal) => placed.requestShutdown(signal),
    terminate: () => placed.terminate(),
    kill: () => placed.kill(),
    cleanUp: () => placed.cleanUp(),
  };
}
