import type { Code } from '../errors/index.ts';
import type { EventStreamPolicy } from '../policy/index.ts';

/** A form that holds a stream open. */
export type StreamForm = 'acked' | 'stream';

/** How events reach a plugin, the best form first. */
export type EventForm = StreamForm | 'unary';

/** What the chart starts from. */
export interface EventStreamInput {
  /** Name of the subscriber. */
  readonly subscriber: string;
  /** The forms that the plugin's contract has, the best first. */
  readonly forms: readonly EventForm[];
  readonly policy: EventStreamPolicy;
}

/** What the chart remembers. */
export interface EventStreamContext {
  readonly subscriber: string;
  readonly policy: EventStreamPolicy;
  /** The forms that the process has not refused, the best first. */
  readonly forms: readonly EventForm[];
  /** Number of the newest stream, from 1; 0 before the first. */
  readonly generation: number;
  /** True when an acknowledged stream was open before: the next one goes on from there. */
  readonly wasOpen: boolean;
  /** Waits since a stream last proved healthy; decides the next one. */
  readonly attempt: number;
  /** Send time-outs in a row. */
  readonly timeouts: number;
  /** Random number for the jitter of the next wait, from 0 to 1. */
  readonly random: number;
  /** Time that is left to drain, in milliseconds. */
  readonly drainMs: number;
  /** True when the process is gone. */
  readonly isLost: boolean;
  /** What went wrong for good. */
  readonly failure: EventStreamFailure | undefined;
}

/** Why a stream was cut, or why no event can be delivered. */
export interface EventStreamFailure {
  readonly code: Code;
  readonly message: string;
}

/** Commands to the chart. */
export type EventStreamCommand =
  | { readonly type: 'stream.start' }
  | { readonly type: 'stream.stop'; readonly drainMs: number }
  | { readonly type: 'process.lost' };

/** What the data plane reports. */
export type PlaneReport =
  /** The plugin has answered the start of an acknowledged stream, or has taken a plain one in. */
  | { readonly type: 'plane.opened'; readonly generation: number }
  /** The first event of this stream, or of this run of single calls, was handled. */
  | { readonly type: 'plane.proved'; readonly generation: number }
  /** Something has waited to be sent for the send time-out, and nothing has moved. */
  | { readonly type: 'plane.blocked'; readonly generation: number }
  /** Something moves again after a `plane.blocked`. */
  | { readonly type: 'plane.progressed'; readonly generation: number }
  /** The stream is over although nobody has closed it. */
  | {
      readonly type: 'plane.cut';
      readonly generation: number;
      readonly code: Code;
      readonly message: string;
      /** At least one event of this stream was handled. */
      readonly proved: boolean;
      readonly random: number;
    }
  /** What was left of a stream was handled by single calls. */
  | { readonly type: 'plane.replayed' }
  /** The plugin takes no single calls. */
  | { readonly type: 'plane.refused'; readonly message: string }
  /** A single call could not be made; no more are made until they are opened again. */
  | {
      readonly type: 'plane.failed';
      readonly code: Code;
      readonly message: string;
      readonly random: number;
    }
  /** No single call is under way, and none is begun. */
  | { readonly type: 'plane.paused' }
  /** Nothing waits, and nothing is on its way. Follows a `drain`. */
  | { readonly type: 'plane.drained' }
  /** No call is open any more. Follows a `close`. */
  | { readonly type: 'plane.ended' };

/** What the chart reacts to. */
export type EventStreamEvent = EventStreamCommand | PlaneReport;

/** What the chart tells the data plane. */
export type PlaneCommand =
  | { readonly type: 'openStream'; readonly form: StreamForm; readonly generation: number }
  /** The stream has stood the test of time: what was sent has been taken. */
  | { readonly type: 'trustStream' }
  | { readonly type: 'cutStream' }
  | { readonly type: 'openUnary' }
  | { readonly type: 'pauseUnary' }
  | { readonly type: 'drain' }
  | { readonly type: 'close' };

/** What the chart tells whoever listens. */
export type EventStreamFact =
  | { readonly type: 'stream.opened'; readonly form: EventForm; readonly generation: number }
  | { readonly type: 'stream.resumed'; readonly generation: number }
  | { readonly type: 'stream.stalled'; readonly timeouts: number }
  | { readonly type: 'stream.unsupported'; readonly form: EventForm }
  | ({ readonly type: 'stream.cut'; readonly generation: number } & EventStreamFailure)
  | { readonly type: 'stream.fellBack' }
  | { readonly type: 'stream.backingOff'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'stream.closed'; readonly outcome: EventStreamOutcome };

/** How the stream ended for good. */
export type EventStreamOutcome =
  | { readonly kind: 'closed' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly failure: EventStreamFailure };
