import type { EmittedEvent, EventError } from '../../gen/troupe/events/v1/events.ts';
import type { MethodDescriptor } from '../../ports/index.ts';
import { awfEventDescriptor, hostEventDescriptor } from '../../transport/events/index.ts';
import type { DeliverAnswer, DeliverFrame, HandleEventFrame, StreamEventsFrame } from '../../transport/events/index.ts';
import type { EventForm } from '../../machines/index.ts';

/** By which protocol a plugin takes events: ours, or the one of plugins of the awf command line. */
export type EventContract = 'troupe' | 'awf';

/** The answer of a single call, in the words of our own protocol. */
export interface HandledAnswer {
  readonly emitted: EmittedEvent[];
  readonly error?: EventError | undefined;
}

/** The methods of a contract. */
export interface EventWire {
  /** The best form first. */
  readonly forms: readonly EventForm[];
  /** Undefined where the contract has no acknowledged stream. */
  readonly deliver: MethodDescriptor<DeliverFrame, DeliverAnswer> | undefined;
  readonly streamEvents: MethodDescriptor<StreamEventsFrame, unknown>;
  readonly handleEvent: MethodDescriptor<HandleEventFrame, unknown>;
  /** Whether results of a plain stream come at all; without them an event counts as handled once the call has it. */
  readonly hasResults: boolean;
  /** What the answer of a single call says. */
  handled(answer: unknown): HandledAnswer;
}

/** The methods of the contract. */
export function wireOf(contract: EventContract): EventWire {
  return contract === 'troupe' ? TROUPE : AWF;
}

const TROUPE: EventWire = {
  forms: ['acked', 'stream', 'unary'],
  deliver: hostEventDescriptor.deliver,
  streamEvents: hostEventDescriptor.streamEvents,
  handleEvent: hostEventDescriptor.handleEvent as MethodDescriptor<HandleEventFrame, unknown>,
  hasResults: true,
  handled: (answer) => answer as HandledAnswer,
};

/** What an awf plugin emits in answer to a call has fewer fields. */
interface AwfAnswer {
  readonly emittedEvents: readonly Pick<EmittedEvent, 'type' | 'metadata' | 'payload'>[];
}

const AWF: EventWire = {
  forms: ['stream', 'unary'],
  deliver: undefined,
  streamEvents: awfEventDescriptor.streamEvents as MethodDescriptor<StreamEventsFrame, unknown>,
  handleEvent: awfEventDescriptor.handleEvent as MethodDescriptor<HandleEventFrame, unknown>,
  hasResults: false,
  handled: (answer) => ({
    emitted: (answer as AwfAnswer).emittedEvents.map(({ type, metadata, payload }) => ({
      type,
      metadata,
      payload,
      subject: '',
      // Their payloads are bytes of any kind.
      contentType: looksLikeJson(payload) ? '' : 'application/octet-stream',
      timeUnixNanos: 0n,
      clientId: '',
    })),
  }),
};

function looksLikeJson(payload: Uint8Array): boolean {
  if (payload.length === 0) return true;
  try {
    JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
    return true;
  } catch {
    // No JSON: it travels as bytes.
    return false;
  }
}
