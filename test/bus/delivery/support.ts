import { createSystem } from '../../../src/actors/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { startEventStream } from '../../../src/bus/delivery/index.ts';
import type { EventContract, EventStream } from '../../../src/bus/delivery/index.ts';
import type { Delivery, EventSource, QueuedEvent } from '../../../src/bus/event-source.ts';
import type { EventStreamFact } from '../../../src/machines/index.ts';
import type { EventStreamPolicyOptions } from '../../../src/policy/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { DomainEvent, EventDraft, ManualEnvironment } from '../../../src/ports/index.ts';
import { createScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import type { EventPeerScript, ScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import { createEventEncoder } from '../../../src/transport/events/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import type { MemoryConnection } from '../../../src/transport/memory/index.ts';

/** A source that keeps books and objects to whatever breaks its rules. */
export interface FakeSource extends EventSource {
  readonly waiting: number;
  /** Adds events that count up from `e1`. Returns their ids. */
  publish(count?: number): readonly string[];
  readonly published: readonly string[];
  /** Ids by what became of them, in order. */
  readonly settled: { readonly delivered: string[]; readonly failed: string[]; readonly unknown: string[] };
  readonly errors: ReadonlyMap<string, string>;
  readonly emitted: readonly EventDraft[];
  /** Ids that were given back, with whether they may have reached the subscriber. */
  readonly returned: readonly { readonly ids: readonly string[]; readonly sent: boolean }[];
  readonly onTheirWay: number;
  /** What is wrong; empty when nothing is. */
  readonly complaints: readonly string[];
  /** published = delivered + failed + unknown + pending. */
  readonly isBalanced: boolean;
  /** No further event comes. */
  stop(): void;
}

/** Makes a source. */
export function createFakeSource(name = 'kv'): FakeSource {
  return new BookKeeper(name);
}

class BookKeeper implements FakeSource {
  readonly name: string;
  readonly published: string[] = [];
  readonly settled = { delivered: [] as string[], failed: [] as string[], unknown: [] as string[] };
  readonly errors = new Map<string, string>();
  readonly emitted: EventDraft[] = [];
  readonly returned: { ids: readonly string[]; sent: boolean }[] = [];
  readonly complaints: string[] = [];
  readonly #encoder = createEventEncoder();
  #queue: Delivery[] = [];
  readonly #taken = new Set<Delivery>();
  #listener: (() => void) | undefined;
  #isStopped = false;

  constructor(name: string) {
    this.name = name;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get open(): boolean {
    return !this.#isStopped || this.waiting > 0;
  }

  get onTheirWay(): number {
    return this.#taken.size;
  }

  get isBalanced(): boolean {
    const { delivered, failed, unknown } = this.settled;
    const settled = delivered.length + failed.length + unknown.length;
    return this.published.length === settled + this.#queue.length + this.#taken.size;
  }

  publish(count = 1): readonly string[] {
    const wasEmpty = this.waiting === 0;
    const ids = Array.from({ length: count }, (_, i) => `e${this.published.length + i + 1}`);
    this.published.push(...ids);
    this.#queue.push(...ids.map((id) => ({ queued: this.#queued(id), attempt: 0 })));
    if (wasEmpty && count > 0) this.#listener?.();
    return ids;
  }

  stop(): void {
    this.#isStopped = true;
  }

  take(maxEvents: number, maxBytes: number): readonly Delivery[] {
    if (!(maxEvents >= 1)) this.complaints.push(`take of ${maxEvents} events`);
    const taken: Delivery[] = [];
    let bytes = 0;
    const attempt = this.#queue[0]?.attempt;
    for (let next = this.#queue[0]; next !== undefined && taken.length < maxEvents; next = this.#queue[0]) {
      bytes += next.queued.bytes;
      if (next.attempt !== attempt || (taken.length > 0 && bytes > maxBytes)) break;
      taken.push(next);
      this.#queue.shift();
      this.#taken.add(next);
    }
    return taken;
  }

  delivered(delivery: Delivery, emitted: readonly EventDraft[] = []): void {
    this.#settle(delivery, this.settled.delivered);
    this.emitted.push(...emitted);
  }

  failed(delivery: Delivery, error: Error & { readonly code: string }, emitted: readonly EventDraft[] = []): void {
    this.#settle(delivery, this.settled.failed);
    this.errors.set(delivery.queued.wire.id, error.code);
    this.emitted.push(...emitted);
  }

  unknown(delivery: Delivery): void {
    this.#settle(delivery, this.settled.unknown);
  }

  giveBack(deliveries: readonly Delivery[], { sent }: { readonly sent: boolean }): void {
    for (const delivery of deliveries) {
      if (!this.#taken.delete(delivery)) this.complaints.push(`${delivery.queued.wire.id} was given back unasked`);
    }
    const more = sent ? 1 : 0;
    const wasEmpty = this.waiting === 0;
    this.#queue.unshift(...deliveries.map(({ queued, attempt }) => ({ queued, attempt: attempt + more })));
    this.returned.push({ ids: deliveries.map(({ queued }) => queued.wire.id), sent });
    if (wasEmpty && deliveries.length > 0) this.#listener?.();
  }

  onAvailable(listener: (() => void) | undefined): void {
    if (listener !== undefined && this.#listener !== undefined) this.complaints.push('two listeners');
    this.#listener = listener;
  }

  #settle(delivery: Delivery, into: string[]): void {
    const { id } = delivery.queued.wire;
    if (!this.#taken.delete(delivery)) this.complaints.push(`${id} was settled twice`);
    into.push(id);
  }

  #queued(id: string): QueuedEvent {
    const wire = {
      id,
      type: 'order.paid',
      time: 0,
      source: 'shop',
      subject: '',
      contentType: '',
      metadata: {},
      payload: Buffer.from('{"amount":1}'),
      depth: 0,
      causationId: '',
    };
    return { wire, event: {} as DomainEvent, encoded: this.#encoder.encode(wire), bytes: 200 };
  }
}

/** What a test of an event stream can say. */
export interface HarnessOptions {
  readonly script?: Partial<EventPeerScript>;
  readonly contract?: EventContract;
  readonly policy?: EventStreamPolicyOptions;
  readonly source?: FakeSource;
  /** Where it runs. Default: an environment and a system of its own. */
  readonly host?: Pick<Harness, 'environment' | 'system'>;
  /** Tells one process from the next. Default 1. */
  readonly process?: number;
  /** Results of plain streams come to the host. Default true. */
  readonly hasHostChannel?: boolean;
}

/** An event stream against a scripted peer, in virtual time. */
export interface Harness {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  readonly source: FakeSource;
  readonly peer: ScriptedEventPeer;
  readonly connection: MemoryConnection;
  readonly stream: EventStream;
  readonly facts: readonly EventStreamFact[];
  /** The types of the facts, without their `stream.`. */
  readonly steps: readonly string[];
  readonly state: unknown;
  /** Lets time pass, and everything that follows from it happen. */
  pass(ms: number): Promise<void>;
}

/** Starts an event stream, and lets it do what needs no time. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const harness = beginHarness(options);
  await harness.pass(0);
  return harness;
}

/** Starts an event stream. */
export function beginHarness(options: HarnessOptions = {}): Harness {
  const { source = createFakeSource(), hasHostChannel = true, process = 1 } = options;
  const environment = options.host?.environment ?? createManualEnvironment();
  const system = options.host?.system ?? createSystem({ environment });
  const peer = createScriptedEventPeer({
    ...(options.script === undefined ? {} : { script: options.script }),
    report: (results) => void (hasHostChannel && queueMicrotask(() => stream.reportResults(results))),
  });
  const connection = createMemoryConnection(peer.services, { clock: environment.clock });
  const stream = startEventStream(system, {
    source,
    connection,
    contract: options.contract,
    policy: { backoff: { jitter: 'none' }, ...options.policy },
    session: `session-${process}`,
    name: `${source.name}-events-${process}`,
  });
  const facts: EventStreamFact[] = [];
  stream.onFact((fact) => facts.push(fact));
  return {
    environment,
    system,
    source,
    peer,
    connection,
    stream,
    facts,
    get steps() {
      return facts.map(({ type }) => type.slice('stream.'.length));
    },
    get state() {
      return stream.actor.snapshot().value;
    },
    pass: (ms) => environment.clock.advanceAsync(ms, { turns: 8 }),
  };
}

/** Nothing of the stream is left: no call, no timer, no complaint, and the books balance. */
export function leftOvers({ connection, environment, source }: Harness): unknown {
  return {
    calls: connection.inFlight,
    timers: environment.clock.pending,
    complaints: source.complaints,
    onTheirWay: source.onTheirWay,
    isBalanced: source.isBalanced,
  };
}

/** What `leftOvers` says when nothing is left. */
export const NOTHING_LEFT = { calls: 0, timers: 0, complaints: [], onTheirWay: 0, isBalanced: true };
