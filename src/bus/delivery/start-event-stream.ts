import { createEventStreamLogic } from '../../actors/index.ts';
import type { Actor, ActorSystem } from '../../actors/index.ts';
import { RuntimeError } from '../../errors/index.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { EventForm, EventStreamFact, EventStreamOutcome } from '../../machines/index.ts';
import { resolveEventStreamPolicy } from '../../policy/index.ts';
import type { EventStreamPolicyOptions } from '../../policy/index.ts';
import type { ActorRef, PluginConnection } from '../../ports/index.ts';
import type { EventSource } from '../event-source.ts';
import { createEventPlane } from './event-plane.ts';
import type { DeliveryPlane } from './event-plane.ts';
import { wireOf } from './wire.ts';
import type { EventContract } from './wire.ts';

/** How the events of one subscription get to one process of its plugin. */
export interface EventStreamOptions {
  /** What to deliver. Another stream on the same source may start once this one has ended. */
  readonly source: EventSource;
  /** The way to the process. It stays the caller's. */
  readonly connection: PluginConnection;
  /** By which protocol the plugin takes events. Default `troupe`. */
  readonly contract?: EventContract | undefined;
  readonly policy?: EventStreamPolicyOptions | undefined;
  /** Names the process to the plugin: the same for all streams of a process, and another one for the next process. */
  readonly session: string;
  /** Name of the actor within its parent. */
  readonly name: string;
  /** The actor to start it under. Default: the top of the system. */
  readonly parent?: ActorRef<never> | undefined;
}

/** Events on their way to one process. Whoever starts it stops it, or says that the process is lost. */
export interface EventStream {
  readonly actor: Actor<ReturnType<typeof createEventStreamLogic>>;
  /** The form in which events go now; undefined while none is open. */
  readonly form: EventForm | undefined;
  /** Settles when nothing of it is left. Never rejects. */
  readonly ended: Promise<EventStreamOutcome>;
  /**
   * What became of events of a plain stream, also late. Returns how many of the results were for an event of this
   * stream.
   */
  reportResults(results: readonly EventResult[]): number;
  /**
   * Delivers what waits within the time, then closes what is open. What is left is given back to the source. Settles
   * when it has ended. Idempotent.
   */
  stop(options: { readonly drainMs: number }): Promise<EventStreamOutcome>;
  /** The process is gone: gives back what it had, or counts it as unknown. Settles when it has ended. Idempotent. */
  lost(): Promise<EventStreamOutcome>;
  /** Calls back after each step. Returns the function that ends this. */
  onFact(listener: (fact: EventStreamFact) => void): () => void;
}

/**
 * Starts to deliver.
 *
 * @throws InvalidOptionsError; NAME_TAKEN, SYSTEM_STOPPED and NOT_FOUND as the system's `spawn`
 */
export function startEventStream(system: ActorSystem, options: EventStreamOptions): EventStream {
  const { source, connection, contract = 'troupe', session, name, parent } = options;
  const policy = resolveEventStreamPolicy(options.policy);
  const wire = wireOf(contract);
  let plane: DeliveryPlane | undefined;
  const logic = createEventStreamLogic({
    createPlane: (report) => {
      const ports = { source, connection, wire, policy, environment: system.environment, session };
      plane = createEventPlane(ports, report);
      return plane;
    },
  });
  const input = { subscriber: source.name, forms: wire.forms, policy };
  const actor = system.spawn(logic, { name, parent, input });
  const ended = actor.ended.then((outcome): EventStreamOutcome => {
    if (outcome.kind === 'done') return outcome.output;
    if (outcome.kind === 'stopped') return { kind: 'lost' };
    const { code, rawMessage: message } = RuntimeError.from(outcome.error);
    return { kind: 'failed', failure: { code, message } };
  });
  actor.tell({ type: 'stream.start' });
  return {
    actor,
    ended,
    get form() {
      return formOf(actor.snapshot().tags);
    },
    reportResults: (results) => plane?.reportResults(results) ?? 0,
    stop({ drainMs }) {
      actor.tell({ type: 'stream.stop', drainMs });
      return ended;
    },
    lost() {
      actor.tell({ type: 'process.lost' });
      return ended;
    },
    onFact: (listener) => actor.onFact(listener),
  };
}

const FORMS: readonly EventForm[] = ['acked', 'stream', 'unary'];

function formOf(tags: ReadonlySet<string>): EventForm | undefined {
  return FORMS.find((form) => tags.has(form));
}
