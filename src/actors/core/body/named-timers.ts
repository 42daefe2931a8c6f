import { InvalidOptionsError } from '../../../errors/index.ts';
import { requireAtLeast, requireObject, shown } from '../../../policy/index.ts';
import type { Message } from '../../../ports/index.ts';
import type { TimerRule } from './behavior.ts';
import type { Cell } from '../cell.ts';
import { TimerSignal } from '../mailbox/signal.ts';
import type { TimerTicket } from '../timers.ts';

/** A timer that is armed. */
export interface NamedTimer {
  readonly rule: TimerRule;
  readonly message: Message;
  /** When it fires next, on the monotonic clock. */
  dueAt: number;
  ticket: TimerTicket | undefined;
  signal: TimerSignal | undefined;
}

/** Most timers of one actor at a time; names are words of the code, so there are few. */
const MOST_TIMERS = 1000;

/** The timers that a behaviour has started, by name. */
export class NamedTimers {
  readonly #cell: Cell;
  readonly #timers = new Map<string, NamedTimer>();

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** The armed ones, and those that have fired and wait in the mailbox. */
  get armed(): Iterable<readonly [string, Readonly<NamedTimer>]> {
    return this.#timers;
  }

  /** @param firstMs milliseconds until it fires first, when that differs from the rule */
  start(name: string, rule: TimerRule, message: Message, firstMs?: number): void {
    requireRule(rule);
    if (typeof (message as Message | undefined)?.type !== 'string') {
      throw new InvalidOptionsError('message', 'must be an object with a type');
    }
    this.cancel(name);
    // Somebody has kept the context: there is nobody left to be called.
    if (!this.#cell.alive) return;
    if (this.#timers.size >= MOST_TIMERS) {
      throw new InvalidOptionsError('timer', `must not be one more than ${MOST_TIMERS} of actor "${this.#cell.path}"`);
    }
    const dueAt = this.#now() + (firstMs ?? rule.afterMs);
    const timer: NamedTimer = { rule, message, dueAt, ticket: undefined, signal: undefined };
    this.#timers.set(name, timer);
    this.#arm(name, timer);
  }

  cancel(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    this.#timers.delete(name);
    this.#cell.system.timers.cancel(timer.ticket);
    timer.signal?.cancel();
  }

  cancelAll(): void {
    for (const name of this.#timers.keys()) this.cancel(name);
  }

  #arm(name: string, timer: NamedTimer): void {
    timer.ticket = this.#cell.system.timers.start(timer.dueAt - this.#now(), () => {
      timer.signal = new TimerSignal('timer', () => this.#deliver(name, timer), timer.message);
      this.#cell.pushSignal(timer.signal);
    });
  }

  #deliver(name: string, timer: NamedTimer): void {
    const { repeat, afterMs } = timer.rule;
    if (repeat === undefined) {
      this.#timers.delete(name);
      this.#cell.receiveMessage(timer.message);
      return;
    }
    this.#cell.receiveMessage(timer.message);
    // The behaviour may have cancelled or replaced it, or failed.
    if (this.#timers.get(name) !== timer) return;
    const now = this.#now();
    if (repeat === 'fixedDelay' || afterMs === 0) timer.dueAt = now + afterMs;
    else timer.dueAt += Math.max(1, Math.ceil((now - timer.dueAt) / afterMs)) * afterMs;
    this.#arm(name, timer);
  }

  #now(): number {
    return this.#cell.system.environment.clock.monotonic();
  }
}

function requireRule(rule: TimerRule): void {
  const { afterMs, repeat } = requireObject('rule', rule);
  requireAtLeast('afterMs', afterMs, 0);
  if (repeat === undefined || repeat === 'fixedDelay' || repeat === 'fixedRate') return;
  throw new InvalidOptionsError('repeat', `must be fixedDelay or fixedRate, got ${shown(repeat)}`);
}
