// The host's side of event delivery, as plain as can be: events go out one message each, and results come back.
//
// Invariants:
//   Q1. Each delivered event gets one result; one that waits when a stream is cut is sent again, in order, with its id.

import { RuntimeError } from '../../errors/index.ts';
import type { EmittedEvent, EventError } from '../../gen/troupe/events/v1/events.ts';
import { BYTES_CONTENT_TYPE, encodePayload } from '../../policy/index.ts';
import type { Environment, EventDraft, PluginConnection, WireEvent } from '../../ports/index.ts';
import { createEventEncoder, hostEventDescriptor } from '../../transport/events/index.ts';
import type { DeliverAnswer, DeliverFrame, EncodedEvent, StreamEventsFrame } from '../../transport/events/index.ts';
import { AnswerQueue } from './answer-queue.ts';
import type { FakeEventHost } from './fake-event-host.ts';

/** How an event is delivered. */
export interface DeliverOptions {
  /** Default `acked`. */
  readonly form?: 'acked' | 'stream' | 'unary' | undefined;
  /** Default: a new one. The same id again is the same event again. */
  readonly id?: string | undefined;
  /** How often it was sent before. Default 0. */
  readonly attempt?: number | undefined;
  /** Default 0. */
  readonly depth?: number | undefined;
  /** Id of the event that caused it. Default: none. */
  readonly causationId?: string | undefined;
  /** Who published it. Default `host`. */
  readonly source?: string | undefined;
}

/** What became of a delivered event. */
export interface DeliveredResult {
  readonly id: string;
  /** Why a handler failed; undefined when none did. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** How many events the handlers returned; they stand in `harness.emitted`. */
  readonly returned: number;
}

type Form = NonNullable<DeliverOptions['form']>;

interface StreamedForm {
  readonly frames: AnswerQueue<StreamEventsFrame>;
  last: number;
}

interface AckedForm {
  readonly frames: AnswerQueue<DeliverFrame>;
  /** Whether the plugin has said what it has settled: only then is it known what to send. */
  isOpen: boolean;
}

interface Waiting {
  readonly id: string;
  readonly encoded: EncodedEvent;
  readonly form: Form;
  attempt: number;
  /** Within the session; 0 before it was sent as `acked`. */
  sequence: number;
  resolve(result: DeliveredResult): void;
  reject(error: unknown): void;
}

/** Delivers events over whatever connection the process has. */
export class EventSender {
  readonly #environment: Environment;
  readonly #host: FakeEventHost;
  readonly #encoder = createEventEncoder();
  /** What has no result, in the order of delivery. */
  readonly #waiting = new Set<Waiting>();
  #connection: PluginConnection | undefined;
  #session = '';
  #lastSequence = 0;
  #settled = 0;
  #acked: AckedForm | undefined;
  #stream: StreamedForm | undefined;

  constructor(environment: Environment, host: FakeEventHost) {
    this.#environment = environment;
    this.#host = host;
    host.onResults = (results) => {
      for (const { eventId, emitted, error } of results) this.#settle(this.#find('stream', eventId), emitted, error);
    };
  }

  /** A process has started: what waits goes to it. */
  connect(connection: PluginConnection): void {
    this.#connection = connection;
    this.#session = this.#environment.ids.next('session');
    this.#lastSequence = 0;
    this.#settled = 0;
    this.#host.forget();
    for (const waiting of this.#waiting) waiting.sequence = 0;
    for (const waiting of this.#waiting) this.#send(waiting);
  }

  /** The process is gone. */
  disconnect(): void {
    this.#connection = undefined;
    this.#dropStreams();
    for (const waiting of this.#waiting) waiting.attempt += 1;
  }

  /** Cuts the open streams and sends what waits on them again. */
  cut(): void {
    this.#dropStreams();
    for (const waiting of this.#waiting) {
      if (waiting.form === 'unary') continue;
      // As a host counts: what was sent before may have been handled.
      waiting.attempt += 1;
      this.#send(waiting);
    }
  }

  /** Nothing is delivered any more. */
  end(error: RuntimeError): void {
    this.#connection = undefined;
    this.#dropStreams();
    for (const waiting of this.#waiting) waiting.reject(error);
    this.#waiting.clear();
  }

  deliver(draft: EventDraft, options: DeliverOptions): Promise<DeliveredResult> {
    const { form = 'acked', attempt = 0 } = options;
    const event = this.#wireOf(draft, options);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        id: event.id,
        encoded: this.#encoder.encode(event),
        form,
        attempt,
        sequence: 0,
        resolve,
        reject,
      };
      this.#waiting.add(waiting);
      this.#send(waiting);
    });
  }

  #send(waiting: Waiting): void {
    if (this.#connection === undefined) return;
    if (waiting.form === 'unary') this.#sendUnary(this.#connection, waiting);
    else if (waiting.form === 'stream') this.#sendStreamed(this.#connection, waiting);
    else this.#sendAcked(this.#connection, waiting);
  }

  #sendUnary(connection: PluginConnection, waiting: Waiting): void {
    const { encoded: event, attempt } = waiting;
    connection.unary(hostEventDescriptor.handleEvent, { event, attempt }).then(
      ({ emitted, error }) => this.#settle(waiting, emitted, error),
      (error: unknown) => this.#fail(connection, waiting, error),
    );
  }

  #sendStreamed(connection: PluginConnection, waiting: Waiting): void {
    const stream = this.#stream ?? this.#openStream(connection);
    stream.last += 1;
    stream.frames.put({ event: waiting.encoded, sequence: stream.last, attempt: waiting.attempt });
  }

  #openStream(connection: PluginConnection): StreamedForm {
    const stream: StreamedForm = { frames: new AnswerQueue(), last: 0 };
    this.#stream = stream;
    connection.clientStream(hostEventDescriptor.streamEvents, stream.frames).catch((error: unknown) => {
      if (this.#stream === stream) this.#failAll(connection, 'stream', error);
    });
    return stream;
  }

  #sendAcked(connection: PluginConnection, waiting: Waiting): void {
    if (waiting.sequence === 0) waiting.sequence = ++this.#lastSequence;
    this.#acked ??= this.#openAcked(connection);
    if (this.#acked.isOpen) this.#putAcked(this.#acked, waiting);
  }

  #putAcked({ frames }: AckedForm, { sequence, encoded, attempt }: Waiting): void {
    frames.put({ firstSequence: sequence, events: [encoded], attempt, resultsReceived: this.#settled });
  }

  #openAcked(connection: PluginConnection): AckedForm {
    const acked: AckedForm = { frames: new AnswerQueue(), isOpen: false };
    const start = { session: this.#session, nextSequence: this.#settled + 1 };
    acked.frames.put({ start, firstSequence: 0, events: [], attempt: 0, resultsReceived: this.#settled });
    const read = async (): Promise<void> => {
      for await (const answer of connection.bidiStream(hostEventDescriptor.deliver, acked.frames)) {
        if (this.#acked !== acked) return;
        this.#take(answer);
        if (acked.isOpen) continue;
        acked.isOpen = true;
        for (const waiting of this.#waiting) if (waiting.form === 'acked') this.#putAcked(acked, waiting);
      }
      throw new RuntimeError('UNAVAILABLE', 'the plugin ended the stream of events');
    };
    read().catch((error: unknown) => {
      if (this.#acked === acked) this.#failAll(connection, 'acked', error);
    });
    return acked;
  }

  #take({ settled, results }: DeliverAnswer): void {
    for (const { eventId, emitted, error } of results) this.#settle(this.#find('acked', eventId), emitted, error);
    for (const waiting of this.#waiting) {
      const isDone = waiting.form === 'acked' && waiting.sequence <= settled;
      if (isDone) this.#settle(waiting, [], undefined);
    }
    this.#settled = Math.max(this.#settled, settled);
  }

  #dropStreams(): void {
    const [acked, stream] = [this.#acked, this.#stream];
    this.#acked = undefined;
    this.#stream = undefined;
    const cut = new RuntimeError('CANCELLED', 'the stream of events was cut');
    acked?.frames.end(cut);
    stream?.frames.end(cut);
  }

  #failAll(connection: PluginConnection, form: Form, error: unknown): void {
    if (form === 'acked') this.#acked = undefined;
    else this.#stream = undefined;
    for (const waiting of this.#waiting) if (waiting.form === form) this.#fail(connection, waiting, error);
  }

  /** What a process that is gone leaves waiting goes to the next one. */
  #fail(connection: PluginConnection, waiting: Waiting, error: unknown): void {
    if (this.#connection !== connection || !this.#waiting.delete(waiting)) return;
    waiting.reject(error);
  }

  #find(form: Form, id: string): Waiting | undefined {
    for (const waiting of this.#waiting) if (waiting.form === form && waiting.id === id) return waiting;
    return undefined;
  }

  #settle(waiting: Waiting | undefined, emitted: readonly EmittedEvent[], error: EventError | undefined): void {
    if (waiting === undefined || !this.#waiting.delete(waiting)) return;
    this.#host.keepReturned(waiting.id, emitted);
    waiting.resolve({ id: waiting.id, error, returned: emitted.length });
  }

  #wireOf(draft: EventDraft, options: DeliverOptions): WireEvent {
    const { payload, subject = '', metadata = {}, time = this.#environment.clock.now() } = draft;
    const contentType = draft.contentType ?? (payload instanceof Uint8Array ? BYTES_CONTENT_TYPE : '');
    return {
      id: options.id ?? this.#environment.ids.next('event'),
      type: draft.type,
      time,
      source: options.source ?? 'host',
      subject,
      contentType,
      metadata,
      payload: encodePayload(payload, contentType),
      depth: options.depth ?? 0,
      causationId: options.causationId ?? '',
    };
  }
}
