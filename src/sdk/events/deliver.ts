// Deliver, the plugin's side: batches come in, cumulative answers go out.
//
// Invariants:
//   V1. The start is answered at once, before any event.
//   V2. Numbers have no gap and no repeat within a stream, and stay within the credits. A host that breaks this, or sends
//       what is none of the contract's, has its stream ended with INVALID_ARGUMENT; nothing of that message runs.
//   V3. Of a stream that was cut, what has not begun does not run: the host sends it again. The process has one stream at a
//       time; a new one cuts the one before.
//   V4. When the host has no more to send, the stream ends after the last answer.
//   V5. The first answer says where the stream stands: the host goes on with the event behind `settled`. Where the results
//       of all that is settled do not fit into it, the host sends such events again; they do not run again, and later
//       answers say of no event that the host has not sent on this stream.

import { RuntimeError } from '../../errors/index.ts';
import type { CallContext } from '../../ports/index.ts';
import type { DeliverAnswer, DeliverBatch, EventView } from '../../transport/events/index.ts';
import { Answers } from './answers.ts';
import { DeliverSession } from './deliver-session.ts';
import type { Dispatcher, EventOwner } from './dispatcher.ts';
import type { Outcome } from './outcome.ts';

/** Answers the calls of Deliver of one process. */
export class DeliverServer {
  readonly #dispatcher: Dispatcher;
  readonly #window: number;
  #session: DeliverSession | undefined;
  #stream: DeliverStream | undefined;

  constructor(dispatcher: Dispatcher, window: number) {
    this.#dispatcher = dispatcher;
    this.#window = window;
  }

  /** Serves one stream. */
  deliver(requests: AsyncIterable<DeliverBatch>, { signal }: CallContext): AsyncIterable<DeliverAnswer> {
    const stream = new DeliverStream(this.#dispatcher, (start) => this.#begin(stream, start));
    void stream.read(requests);
    if (signal.aborted) stream.cut();
    else signal.addEventListener('abort', () => stream.cut(), { once: true });
    return stream.answers;
  }

  /** Ends the open stream after what it has answered so far. */
  end(): void {
    this.#stream?.cut();
  }

  #begin(stream: DeliverStream, { session: id, nextSequence }: DeliverStart): DeliverSession {
    if (this.#session?.id === id) this.#session.resume(nextSequence);
    else {
      this.#session?.end();
      const confirm = (outcome: Outcome): void => this.#dispatcher.confirm(outcome);
      this.#session = new DeliverSession(id, nextSequence, this.#window, confirm);
    }
    this.#stream?.cut(new RuntimeError('ABORTED', 'the host has opened another stream'));
    this.#stream = stream;
    return this.#session;
  }
}

type DeliverStart = NonNullable<DeliverBatch['start']>;

class DeliverStream implements EventOwner {
  readonly answers: Answers<DeliverAnswer>;
  readonly #dispatcher: Dispatcher;
  readonly #begin: (start: DeliverStart) => DeliverSession;
  #session: DeliverSession | undefined;
  /** The last number that has come, or was settled by the first answer. */
  #last = 0;
  /** The last number whose result was told. */
  #told = 0;
  #hasAnswered = false;
  #isGone = false;
  #hasAll = false;

  constructor(dispatcher: Dispatcher, begin: (start: DeliverStart) => DeliverSession) {
    this.#dispatcher = dispatcher;
    this.#begin = begin;
    this.answers = new Answers(
      () => this.#answer(),
      () => this.cut(),
    );
  }

  /** V3. */
  cut(error?: RuntimeError): void {
    if (!this.#isGone) this.#dispatcher.drop(this);
    this.#isGone = true;
    this.answers.end(error);
  }

  async read(requests: AsyncIterable<DeliverBatch>): Promise<void> {
    try {
      for await (const batch of requests) {
        if (this.#isGone) return;
        this.#take(batch);
        this.#dispatcher.work();
      }
      this.#hasAll = true;
      this.#endIfDone();
    } catch (error) {
      this.cut(RuntimeError.from(error));
    }
  }

  settled(sequence: number, view: EventView, outcome: Outcome): void {
    // What began before the cut settles too: the host hears of it when it comes back.
    this.#session?.settle(sequence, view, outcome);
  }

  flush(): void {
    this.answers.poke();
    this.#endIfDone();
  }

  #take({ start, firstSequence, events, attempt, resultsReceived }: DeliverBatch): void {
    if (this.#session !== undefined && start !== undefined) refuse('has "start", which only the first one has');
    const session = this.#session ?? this.#start(start);
    if (resultsReceived > session.settled) refuse(`knows the results up to ${resultsReceived} of ${session.settled}`);
    if (events.length > 0) this.#check(session, firstSequence, events);
    session.received(resultsReceived);
    // V5.
    const again = Math.min(events.length, Math.max(0, session.settled - this.#last));
    this.#dispatcher.add(again === 0 ? events : events.slice(again), attempt, this.#last + again + 1, this);
    this.#last += events.length;
    if (again > 0) this.answers.poke();
  }

  #start(start: DeliverStart | undefined): DeliverSession {
    if (start === undefined) return refuse('has no "start", which the first one has');
    if (start.session === '') return refuse('starts a session without a name');
    if (start.nextSequence < 1) return refuse(`starts with event ${start.nextSequence}; they count from 1`);
    this.#session = this.#begin(start);
    this.#told = start.nextSequence - 1;
    this.#last = this.#told;
    // V1.
    this.answers.poke();
    return this.#session;
  }

  /** V2. */
  #check({ sendLimit }: DeliverSession, firstSequence: number, events: readonly EventView[]): void {
    if (firstSequence !== this.#last + 1) refuse(`has event ${firstSequence} after event ${this.#last}`);
    const last = this.#last + events.length;
    if (last > sendLimit) refuse(`has event ${last}, and the host may send ${sendLimit}`);
    for (const event of events) requireEvent(event);
  }

  #answer(): { readonly answer: DeliverAnswer; readonly more: boolean } {
    const session = this.#session ?? refuse('was never read');
    const { answer, more, told } = session.report(this.#told, this.#hasAnswered ? this.#last : session.settled);
    this.#told = told;
    // V5.
    if (!this.#hasAnswered) this.#last = Math.max(this.#last, told);
    this.#hasAnswered = true;
    return { answer, more: more && told < this.#last };
  }

  /** V4. */
  #endIfDone(): void {
    if (this.#hasAll && (this.#session === undefined || this.#session.settled >= this.#last)) this.answers.end();
  }
}

/** Throws INVALID_ARGUMENT for what has no id or no type, or is no event at all. */
export function requireEvent(event: EventView): void {
  let problem: string | undefined;
  try {
    if (event.idEnd === event.idStart) problem = 'without an id';
    else if (!event.hasType) problem = 'without a type';
  } catch (cause) {
    throw new RuntimeError('INVALID_ARGUMENT', 'a message of the host has an event that cannot be read', { cause });
  }
  if (problem !== undefined) refuse(`has an event ${problem}`);
}

/** Throws INVALID_ARGUMENT. */
export function refuse(problem: string): never {
  throw new RuntimeError('INVALID_ARGUMENT', `a message of the host ${problem}`);
}
