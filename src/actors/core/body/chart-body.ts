// Runs XState logic, machines above all, as a root actor of its own.
//
// Invariants:
//   X1. Nothing of a body that was replaced reaches the cell.
//   X2. A timer of the chart comes through the mailbox, in its place among what was sent before it fired, and never
//       after it was cancelled.
//   X3. What the chart invoked ends with it, also when it failed: XState 5 leaves that running, out of reach of `stop`.

import { createActor } from 'xstate';
import type { Actor as XStateActor, AnyActorLogic, AnyActorRef, Snapshot } from 'xstate';
import type { Intent, IntentSink } from '../../../machines/index.ts';
import type { Message } from '../../../ports/index.ts';
import type { Body, BodyHost } from './body.ts';
import { TimerSignal } from '../mailbox/signal.ts';
import type { TimerTicket } from '../timers.ts';

/** A timer that the chart has armed. */
class ChartTimer {
  ticket: TimerTicket | undefined = undefined;
  signal: TimerSignal | undefined = undefined;
}

/** @internal */
export class ChartBody implements Body, IntentSink {
  readonly root: XStateActor<AnyActorLogic>;
  readonly #host: BodyHost;
  #live = true;

  /** @param snapshot what to go on from, as XState persisted it */
  constructor(host: BodyHost, logic: AnyActorLogic, input: unknown, snapshot?: Snapshot<unknown>) {
    this.#host = host;
    this.root = createActor(logic, {
      input,
      // The root and what it invokes find their timers here, and their intents.
      clock: this as never,
      logger: (...parts: unknown[]) => this.#host.cell.log('debug', parts.map(printed).join(' ')),
      ...(snapshot !== undefined && { snapshot }),
    });
    this.root.on('*', (fact: unknown) => {
      if (this.#live) this.#host.emitFact(fact);
    });
    this.root.subscribe(this);
    host.cell.system.runtime.onRoot?.(this.root, host.cell);
  }

  start(): void {
    this.root.start();
  }

  receive(message: Message): void {
    // XState reports an error of the behaviour to `error` below instead of throwing it here.
    this.root.send(message);
  }

  snapshot(): unknown {
    return this.root.getSnapshot();
  }

  stop(): undefined {
    if (!this.#live) return;
    this.#live = false;
    this.#stopInvoked();
    this.root.stop();
  }

  recordIntent(intent: Intent): void {
    if (this.#live) this.#host.recordIntent(intent);
  }

  /** XState's observer: after each event. */
  next(snapshot: unknown): void {
    if (this.#live) this.#host.snapshotChanged(snapshot);
  }

  /** XState's observer: the behaviour threw. */
  error(reason: unknown): void {
    if (this.#live) this.#host.bodyFailed(reason);
  }

  /** XState's observer: the behaviour has reached its end. */
  complete(): void {
    if (this.#live) this.#host.bodyDone(this.root.getSnapshot().output);
  }

  /** XState's clock. */
  setTimeout(callback: () => void, delayMs: number): ChartTimer {
    const timer = new ChartTimer();
    timer.ticket = this.#host.cell.system.timers.start(delayMs, () => {
      timer.signal = new TimerSignal('timer', callback);
      this.#host.cell.pushSignal(timer.signal);
    });
    return timer;
  }

  /** XState's clock. */
  clearTimeout(timer: ChartTimer): void {
    this.#host.cell.system.timers.cancel(timer.ticket);
    timer.signal?.cancel();
  }

  #stopInvoked(): void {
    const { children = {} } = this.root.getSnapshot() as { children?: Readonly<Record<string, AnyActorRef>> };
    for (const child of Object.values(children)) {
      if (child.getSnapshot().status === 'active') child.send({ type: 'xstate.stop' });
    }
  }
}

/** Not everything can be turned into text, and a log entry must not fail the chart. */
function printed(value: unknown): string {
  try {
    return String(value);
  } catch {
    // Such as an object without a prototype.
    return typeof value;
  }
}
