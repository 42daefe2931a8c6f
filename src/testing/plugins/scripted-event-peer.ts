// The plugin's side of event delivery, doing as it is told: friendly unless the script says otherwise.
//
// Invariants:
//   S1. A friendly peer keeps the contract: it answers a start at once, handles each id once in a session, and settles
//       events in their order.
//   S2. What the script says holds from the next message on; the peer decides nothing by itself and knows no time.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { EventError, EventResult, EmittedEvent } from '../../gen/troupe/events/v1/events.ts';
import { service } from '../../ports/index.ts';
import type { CallContext, ServedService, ServiceDescriptor } from '../../ports/index.ts';
import { pluginEventDescriptor } from '../../transport/events/index.ts';
import type {
  DeliverAnswer,
  DeliverBatch,
  EventView,
  HandledEvent,
  StreamedEvent,
} from '../../transport/events/index.ts';
import { AnswerQueue } from './answer-queue.ts';

/** How events reach a plugin. */
export type ScriptedForm = 'acked' | 'stream' | 'unary';

/** What becomes of an event: it is handled; it fails; it emits; or nothing is said until `proceed`. */
export type ScriptedOutcome =
  | 'handled'
  | 'held'
  | { readonly error?: EventError; readonly emitted?: readonly EmittedEvent[] };

/** An event that reached the peer. */
export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly form: ScriptedForm;
  /** Number of the stream that it came on, from 1; 0 for single calls. */
  readonly stream: number;
  readonly sequence: number;
  readonly attempt: number;
  /** True when this session had handled the same id before, or still does. */
  readonly isRepeated: boolean;
}

/** What the peer does. All of it may be changed at any time. */
export interface EventPeerScript {
  /** Forms that are answered with UNIMPLEMENTED. */
  unimplemented: readonly ScriptedForm[];
  /** Answers nothing at all, and reads on. */
  isSilent: boolean;
  /** Reads nothing, and answers nothing. */
  isDeaf: boolean;
  /** Cuts a stream with the code when its message of this number (from 1) comes: before or after it is handled. */
  cut: { readonly message: number; readonly handled: boolean; readonly code?: Code } | undefined;
  /** Events above what is settled that the host may send. */
  credits: number;
  /** Code with which single calls fail. */
  unaryFails: Code | undefined;
  /** Single calls are never answered. */
  unaryHangs: boolean;
  /** What becomes of an event. */
  outcome: (event: EventView) => ScriptedOutcome;
  /** Changes an answer of an acknowledged stream on its way out; undefined drops it. */
  answer: (answer: DeliverAnswer) => DeliverAnswer | undefined;
}

/** A scripted peer. */
export interface ScriptedEventPeer {
  readonly script: EventPeerScript;
  /** The services to connect to. */
  readonly services: readonly ServedService[];
  /** What came, repetitions included, in order. */
  readonly received: readonly ReceivedEvent[];
  /** Ids that were handled, in order, each as often as its handler ran. */
  readonly handled: readonly string[];
  /** Starts of acknowledged streams. */
  readonly starts: readonly { readonly session: string; readonly nextSequence: number }[];
  /** Open streams. */
  readonly streams: number;
  /** `results_received` of the newest message. */
  readonly resultsReceived: number;
  /** Lets the oldest held events be handled, all of them by default. */
  proceed(count?: number): void;
  /** Cuts all open streams with the code. */
  cutAll(code?: Code): void;
  /** Sends an answer on the open acknowledged streams, whatever it says. */
  say(answer: DeliverAnswer): void;
}

/** What the peer has that its host does not hand in. */
export interface ScriptedEventPeerOptions {
  /** What the peer does at the start. Default: all that a friendly plugin does, with 1,024 credits. */
  readonly script?: Partial<EventPeerScript>;
  /** Takes the results of a plain stream, as `HostEventService.ReportResults` does. Default: nobody. */
  readonly report?: (results: readonly EventResult[]) => void;
}

/** Makes a peer. */
export function createScriptedEventPeer(options: ScriptedEventPeerOptions = {}): ScriptedEventPeer {
  return new ScriptedPeer(options);
}

/** An event that was not settled yet. */
interface Open {
  readonly id: string;
  readonly sequence: number;
  outcome: ScriptedOutcome;
}

/** The end of a stream that the script can bring about. */
type Cutter = (error: RuntimeError) => void;

class ScriptedPeer implements ScriptedEventPeer {
  readonly script: EventPeerScript;
  readonly services: readonly ServedService[];
  readonly received: ReceivedEvent[] = [];
  readonly handled: string[] = [];
  readonly starts: { session: string; nextSequence: number }[] = [];
  resultsReceived = 0;
  readonly #report: (results: readonly EventResult[]) => void;
  readonly #cutters = new Set<Cutter>();
  readonly #answers = new Set<AnswerQueue<DeliverAnswer>>();
  readonly #seen = new Set<string>();
  readonly #results: EventResult[] = [];
  /** Events of the acknowledged form without an acknowledgement, in order. */
  #open: Open[] = [];
  /** Events of the plain form without a report, in order. */
  #plain: Open[] = [];
  readonly #held: (() => void)[] = [];
  #settled = 0;
  #streams = 0;
  #session = '';

  constructor({ script, report }: ScriptedEventPeerOptions) {
    this.script = { ...FRIENDLY, ...script };
    this.#report = report ?? (() => {});
    const implementation = {
      deliver: (requests: AsyncIterable<DeliverBatch>, context: CallContext) => this.#deliver(requests, context),
      streamEvents: (requests: AsyncIterable<StreamedEvent>, context: CallContext) =>
        this.#streamEvents(requests, context),
      handleEvent: ({ event, attempt }: HandledEvent, context: CallContext) =>
        this.#handleEvent(event, attempt, context),
    };
    // The kinds of the methods are lost in the type of the descriptor.
    this.services = [service(pluginEventDescriptor as ServiceDescriptor, implementation as never)];
  }

  get streams(): number {
    return this.#cutters.size;
  }

  proceed(count = Number.POSITIVE_INFINITY): void {
    for (const go of this.#held.splice(0, count)) go();
    for (const open of [...this.#open, ...this.#plain]) {
      if (count <= 0) break;
      if (open.outcome !== 'held') continue;
      open.outcome = 'handled';
      count -= 1;
    }
    this.#acknowledge();
    this.#reportPlain();
  }

  cutAll(code: Code = 'UNAVAILABLE'): void {
    for (const cut of this.#cutters) cut(new RuntimeError(code, 'cut by the script'));
  }

  say(answer: DeliverAnswer): void {
    for (const answers of this.#answers) answers.put(answer);
  }

  #deliver(requests: AsyncIterable<DeliverBatch>, context: CallContext): AsyncIterable<DeliverAnswer> {
    this.#refuse('acked');
    const answers = new AnswerQueue<DeliverAnswer>();
    this.#answers.add(answers);
    this.#track(context, (error) => answers.end(error));
    context.onReplied(() => this.#answers.delete(answers));
    // A stream that nobody reads gets no answer either.
    if (this.script.isDeaf) this.#answers.delete(answers);
    else void this.#read(requests, answers);
    return answers;
  }

  async #read(requests: AsyncIterable<DeliverBatch>, answers: AnswerQueue<DeliverAnswer>): Promise<void> {
    const stream = ++this.#streams;
    let count = 0;
    try {
      for await (const batch of requests) {
        const { cut } = this.script;
        const isCut = cut !== undefined && cut.message === ++count;
        if (isCut && !cut.handled) return answers.end(new RuntimeError(cut.code ?? 'UNAVAILABLE', 'cut by the script'));
        this.#takeBatch(batch, stream);
        if (isCut) return answers.end(new RuntimeError(cut.code ?? 'UNAVAILABLE', 'cut by the script'));
        this.#acknowledge(batch.start !== undefined);
      }
      answers.end();
    } catch {
      // The host has cut the stream.
      answers.end();
    }
  }

  #takeBatch({ start, firstSequence, events, attempt, resultsReceived }: DeliverBatch, stream: number): void {
    if (start !== undefined) this.#start(start);
    this.resultsReceived = resultsReceived;
    events.forEach((event, i) => {
      const sequence = firstSequence + i;
      const isRepeated = this.#note(event, { form: 'acked', stream, sequence, attempt });
      if (sequence <= this.#settled || this.#open.some((open) => open.sequence === sequence)) return;
      this.#open.push({ id: event.id, sequence, outcome: isRepeated ? 'handled' : this.script.outcome(event) });
    });
  }

  #start(start: { readonly session: string; readonly nextSequence: number }): void {
    this.starts.push({ ...start });
    if (start.session !== this.#session) this.#forgetSession(start.session);
    // Whatever the host has a result for is done with, by whichever way it came.
    this.#settled = Math.max(this.#settled, start.nextSequence - 1);
    this.#open = this.#open.filter(({ sequence }) => sequence > this.#settled);
  }

  #forgetSession(session: string): void {
    this.#session = session;
    this.#settled = 0;
    this.#open = [];
  }

  /** S1. Settles from the oldest on. */
  #acknowledge(isStart = false): void {
    const before = this.#settled;
    for (let open = this.#open[0]; open !== undefined && open.outcome !== 'held'; open = this.#open[0]) {
      this.#open.shift();
      this.#settled = open.sequence;
      if (open.outcome === 'handled') this.handled.push(...this.#first(open.id));
      else this.#keepResult(open, open.outcome);
    }
    if (!isStart && before === this.#settled) return;
    const results = this.#results.splice(0);
    const answer = { settled: this.#settled, sendLimit: this.#settled + this.script.credits, results };
    if (this.script.isSilent) return;
    const said = this.script.answer(answer);
    if (said !== undefined) this.say(said);
  }

  #keepResult(open: Open, outcome: Exclude<ScriptedOutcome, string>): void {
    this.handled.push(...this.#first(open.id));
    this.#results.push(resultOf(open, outcome));
  }

  /** The id, unless its handler ran before. */
  #first(id: string): readonly string[] {
    return this.handled.includes(id) ? [] : [id];
  }

  async #streamEvents(requests: AsyncIterable<StreamedEvent>, context: CallContext): Promise<{ received: bigint }> {
    this.#refuse('stream');
    const cut = Promise.withResolvers<never>();
    const forget = this.#track(context, cut.reject);
    const stream = ++this.#streams;
    let received = 0n;
    const read = async (): Promise<{ received: bigint }> => {
      if (this.script.isDeaf) return cut.promise;
      let count = 0;
      for await (const { event, sequence, attempt } of requests) {
        const { cut: planned } = this.script;
        const isCut = planned !== undefined && planned.message === ++count;
        if (!isCut || planned.handled) {
          received += 1n;
          const isRepeated = this.#note(event, { form: 'stream', stream, sequence, attempt });
          this.#plain.push({ id: event.id, sequence, outcome: isRepeated ? 'handled' : this.script.outcome(event) });
        }
        this.#reportPlain();
        if (isCut) throw new RuntimeError(planned.code ?? 'UNAVAILABLE', 'cut by the script');
      }
      return { received };
    };
    try {
      return await Promise.race([read(), cut.promise]);
    } finally {
      forget();
    }
  }

  #reportPlain(): void {
    const results: EventResult[] = [];
    for (let open = this.#plain[0]; open !== undefined && open.outcome !== 'held'; open = this.#plain[0]) {
      this.#plain.shift();
      this.handled.push(...this.#first(open.id));
      results.push(resultOf(open, open.outcome === 'handled' ? {} : open.outcome));
    }
    if (results.length > 0 && !this.script.isSilent) this.#report(results);
  }

  async #handleEvent(
    event: EventView,
    attempt: number,
    { signal }: CallContext,
  ): Promise<{ emitted: EmittedEvent[]; error?: EventError | undefined }> {
    this.#refuse('unary');
    if (this.script.unaryFails !== undefined) throw new RuntimeError(this.script.unaryFails, 'failed by the script');
    const isRepeated = this.#note(event, { form: 'unary', stream: 0, sequence: 0, attempt });
    if (this.script.unaryHangs) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    const outcome = isRepeated ? 'handled' : this.script.outcome(event);
    if (outcome === 'held') await new Promise<void>((resolve) => this.#held.push(resolve));
    this.handled.push(...this.#first(event.id));
    if (typeof outcome === 'string') return { emitted: [] };
    return { emitted: [...(outcome.emitted ?? [])], error: outcome.error };
  }

  /** Writes an event down. Returns whether its id was seen before. */
  #note(event: EventView, rest: Pick<ReceivedEvent, 'form' | 'stream' | 'sequence' | 'attempt'>): boolean {
    const isRepeated = this.#seen.has(event.id);
    this.#seen.add(event.id);
    this.received.push({ id: event.id, type: event.type, ...rest, isRepeated });
    return isRepeated;
  }

  #refuse(form: ScriptedForm): void {
    if (this.script.unimplemented.includes(form)) throw new RuntimeError('UNIMPLEMENTED', `no ${form} here`);
  }

  #track(context: CallContext, cut: Cutter): () => void {
    this.#cutters.add(cut);
    const forget = (): void => void this.#cutters.delete(cut);
    context.onReplied(forget);
    context.signal.addEventListener('abort', forget, { once: true });
    return forget;
  }
}

const FRIENDLY: EventPeerScript = {
  unimplemented: [],
  isSilent: false,
  isDeaf: false,
  cut: undefined,
  credits: 1024,
  unaryFails: undefined,
  unaryHangs: false,
  outcome: () => 'handled',
  answer: (answer) => answer,
};

function resultOf({ id, sequence }: Open, outcome: Exclude<ScriptedOutcome, string>): EventResult {
  return { sequence: BigInt(sequence), eventId: id, emitted: [...(outcome.emitted ?? [])], error: outcome.error };
}
