import type { Intent } from '../../machines/index.ts';
import type { Message } from '../../ports/index.ts';
import type { BodyHost } from '../core/body/body.ts';
import { CellContext } from '../core/body/cell-context.ts';
import type { NamedTimer } from '../core/body/named-timers.ts';
import { PlainBody } from '../core/body/plain-body.ts';
import type { SomeBehavior } from '../core/body/plain-body.ts';
import type { DurableInner } from './durable-inner.ts';
import type { StateCodec } from './persist-options.ts';
import type { DurableRecord, StoredTimer } from './record.ts';

/** Plain logic that can be stored. */
export class DurablePlain implements DurableInner {
  readonly #host: BodyHost;
  readonly #codec: StateCodec | undefined;
  readonly #body: PlainBody;
  /** When timers fire in wall-clock time; told once, so that what is stored does not change by itself. */
  readonly #times = new WeakMap<object, { readonly monotonic: number; readonly dueAt: number }>();

  constructor(host: BodyHost, logic: SomeBehavior, codec: StateCodec | undefined) {
    this.#host = host;
    this.#codec = codec;
    this.#body = new PlainBody(host, logic, new RecordingContext(host));
  }

  begin(record: DurableRecord | undefined, delayOf: (timer: StoredTimer) => number): void {
    if (record === undefined) {
      this.#body.start();
      return;
    }
    this.#body.restore(this.#codec === undefined ? record.state : this.#codec.decode(record.state));
    this.#host.snapshotChanged(this.#body.snapshot());
    const { timers } = this.#host.cell;
    for (const timer of record.timers.toSorted((a, b) => a.dueAt - b.dueAt)) {
      const rule = timer.rule ?? { afterMs: timer.delayMs };
      // Not cut at 0: a timer of a fixed rate keeps its beat.
      timers.start(timer.name, rule, timer.message as Message, delayOf(timer));
    }
  }

  capture(): DurableRecord {
    const state = this.#body.snapshot();
    const timers = [...this.#host.cell.timers.armed].map(([name, timer]) => this.#stored(name, timer));
    return { state: this.#codec === undefined ? state : this.#codec.encode(state), timers };
  }

  receive(message: Message): void {
    this.#body.receive(message);
  }

  snapshot(): unknown {
    return this.#body.snapshot();
  }

  stop(): Promise<void> | undefined {
    return this.#body.stop();
  }

  #stored(name: string, timer: Readonly<NamedTimer>): StoredTimer {
    const { rule, message } = timer;
    let times = this.#times.get(timer);
    if (times?.monotonic !== timer.dueAt) {
      const { clock } = this.#host.cell.system.environment;
      times = { monotonic: timer.dueAt, dueAt: clock.now() + timer.dueAt - clock.monotonic() };
      this.#times.set(timer, times);
    }
    return { name, message, rule, delayMs: rule.afterMs, dueAt: times.dueAt };
  }
}

/** Notes what leaves the actor, which other behaviours do at once. */
class RecordingContext extends CellContext {
  readonly #host: BodyHost;

  constructor(host: BodyHost) {
    super(host.cell);
    this.#host = host;
  }

  override emit(fact: unknown): void {
    this.#host.emitFact(fact);
  }

  protected override perform(intent: Intent): void {
    this.#host.recordIntent(intent);
  }
}
