// Restarts the children of one actor, or the actors at the top of the system.
//
// Invariants:
//   S1. Each restart unit has one supervisor chart at a time, from its first failure until it is forgotten; a unit that
//       never fails has none.
//   S2. The chart is an actor itself, `$supervisor-…` beside its unit: it shows in the inspection, and a race kernel
//       orders its messages like all others.
//   S3. Whoever ends for good leaves the unit, so that nobody starts them again; whoever is added joins it.
//   S4. No failure is lost between two charts: a chart that ends while a failure waits in its mailbox is followed by
//       another. Failures come by signals, which no bound of a mailbox refuses.

import { fromPromise } from 'xstate';
import { RuntimeError } from '../../../errors/index.ts';
import { supervisorMachine } from '../../../machines/index.ts';
import type { MemberFailure, StartReport, SupervisorEvent, SupervisorOutcome } from '../../../machines/index.ts';
import type { SupervisionStrategy } from '../../../policy/index.ts';
import type { ActorOutcome } from '../../../ports/index.ts';
import type { Cell } from '../cell.ts';
import type { SystemCore } from '../system-core.ts';

/** The name of the unit that holds all siblings. */
const GROUP = '*';

/** The restarts among one actor's children. */
export class Supervision {
  readonly #system: SystemCore;
  /** Undefined at the top of the system. */
  readonly #parent: Cell | undefined;
  readonly #strategy: SupervisionStrategy;
  readonly #logic: typeof supervisorMachine;
  readonly #units = new Map<string, Cell>();

  constructor(system: SystemCore, parent: Cell | undefined, strategy: SupervisionStrategy) {
    this.#system = system;
    this.#parent = parent;
    this.#strategy = strategy;
    this.#logic = supervisorMachine.provide({
      actors: {
        stopMembers: fromPromise<void, { readonly names: readonly string[] }>(async ({ input, signal }) => {
          for (const name of input.names) {
            // The chart was halted: whoever halted it decides what becomes of the others.
            if (signal.aborted) return;
            await this.#member(name)?.suspend();
          }
        }),
        startMembers: fromPromise<StartReport, { readonly names: readonly string[] }>(async ({ input }) =>
          this.#startAll(input.names),
        ),
      },
    });
  }

  /** A child that is to be restarted has failed, or is done. It is suspended. */
  memberEnded(cell: Cell, outcome: 'done' | 'failed', error: RuntimeError): void {
    const key = this.#strategy === 'oneForOne' ? cell.name : GROUP;
    const failure = this.#failureOf(cell.name, outcome, error);
    const unit = this.#units.get(key);
    if (unit === undefined) this.#begin(key, failure);
    else tellUnit(unit, { type: 'member.failed', ...failure });
  }

  /** A child was added. */
  memberAdded(): void {
    this.#announceMembers();
  }

  /** A child has ended for good. */
  memberRemoved(name: string): void {
    const unit = this.#units.get(name);
    if (this.#strategy === 'oneForOne' && unit !== undefined) tellUnit(unit, { type: 'stop' });
    this.#announceMembers();
  }

  /** Ends the charts at work. */
  halt(): void {
    for (const unit of this.#units.values()) unit.kill();
    this.#units.clear();
  }

  /** The charts at work. */
  get units(): Iterable<Cell> {
    return this.#units.values();
  }

  #announceMembers(): void {
    const unit = this.#units.get(GROUP);
    if (unit !== undefined) tellUnit(unit, { type: 'members.changed', members: this.#members(GROUP) });
  }

  #begin(key: string, failure: MemberFailure): void {
    const name = key === GROUP ? '$supervisor' : `$supervisor-${key}`;
    const input = { strategy: this.#strategy, members: this.#members(key), failure };
    const unit = this.#system.spawnAside(this.#parent, name, this.#logic, input);
    this.#units.set(key, unit);
    const end = (outcome: ActorOutcome): void => {
      if (this.#units.get(key) === unit) this.#units.delete(key);
      this.#concluded(key, outcome);
    };
    if (unit.alive) unit.extras.onEnd = end;
    else end(unit.extras.outcome ?? { kind: 'stopped' });
  }

  #concluded(key: string, outcome: ActorOutcome): void {
    const output = outcome.kind === 'done' ? (outcome.output as SupervisorOutcome) : undefined;
    if (outcome.kind === 'stopped') return;
    if (output?.kind === 'steady' || output?.kind === 'halted') {
      this.#takeUp(key);
      return;
    }
    const reason =
      output === undefined ? 'the supervisor failed' : `"${output.name}" failed too often: ${output.reason}`;
    const where = this.#parent === undefined ? 'the system' : `"${this.#parent.path}"`;
    const error = new RuntimeError('RESTART_LIMIT', `${where} gave its children up: ${reason}`, {
      details: { name: output?.name },
    });
    for (const member of this.#suspended(key).reverse()) {
      member.end(member.extras.lastOutcome ?? { kind: 'failed', error });
    }
    if (this.#parent === undefined) this.#system.environment.log.log('error', error.rawMessage, { error });
    else this.#parent.bodyFailed(error);
  }

  /** Begins again for those whose failure the last chart did not hear of (S4). */
  #takeUp(key: string): void {
    if (this.#parent === undefined ? this.#system.stopping : !this.#parent.open) return;
    for (const member of this.#suspended(key)) {
      const { lastOutcome } = member.extras;
      const error =
        lastOutcome?.kind === 'failed' ? lastOutcome.error : new RuntimeError('ACTOR_FAILED', 'it was done');
      this.memberEnded(member, lastOutcome?.kind === 'done' ? 'done' : 'failed', error);
    }
  }

  #suspended(key: string): Cell[] {
    return this.#members(key)
      .map(({ name }) => this.#member(name))
      .filter((member): member is Cell => member?.suspended === true);
  }

  #startAll(names: readonly string[]): StartReport {
    for (const name of names) {
      const failure = this.#member(name)?.restart();
      if (failure !== undefined) return { failure: this.#failureOf(name, 'failed', failure) };
    }
    return {};
  }

  #failureOf(name: string, outcome: 'done' | 'failed', error: RuntimeError): MemberFailure {
    const { clock, random } = this.#system.environment;
    return { name, outcome, reason: error.rawMessage, at: clock.monotonic(), random: random.next() };
  }

  /** Children that nobody would start again are not stopped for the sake of the others either. */
  #members(key: string): { readonly name: string; readonly policy: Cell['policy']['supervision'] }[] {
    const children = this.#parent === undefined ? this.#system.top : this.#parent.children;
    return [...children]
      .filter(({ name, policy }) => (key === GROUP ? policy.supervision.restart !== 'temporary' : name === key))
      .map(({ name, policy }) => ({ name, policy: policy.supervision }));
  }

  #member(name: string): Cell | undefined {
    return this.#parent === undefined ? this.#system.topNamed(name) : this.#parent.childNamed(name);
  }
}

/** By a signal, so that no bound of a mailbox refuses it (S4). */
function tellUnit(unit: Cell, event: SupervisorEvent): void {
  unit.notify('supervision', event);
}
