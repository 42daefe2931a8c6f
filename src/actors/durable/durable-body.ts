// An actor whose state outlives its process.
//
// Invariants:
//   D1. Nothing of the behaviour runs before the key was claimed in the store; so of two systems that start the same
//       actor one runs it, and the other one's fails before it did anything.
//   D2. What a transition sends, asks, answers, spawns, stops, emits and shows leaves when its state is stored, never
//       before; the next message is processed after that. What a chart invokes begins within the transition.
//   D3. A transition whose state could not be stored did not happen: its effects are dropped, its message is a dead
//       letter, and a restart goes on from what is stored.
//   D4. Once another writer has the key, or what is stored cannot be used, no supervision starts the actor again: it
//       would take the key away from whoever runs it, or fail again.
//   D5. After its end it writes nothing, a write that is under way aside; that one replaces only the version before it.

import type { AnyActorLogic } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';
import type { Intent } from '../../machines/index.ts';
import type { Message } from '../../ports/index.ts';
import type { Body, BodyHost, BodyMaker } from '../core/body/body.ts';
import type { Cell } from '../core/cell.ts';
import { isBehavior } from '../core/body/create-body.ts';
import type { AnyLogic } from '../core/body/logic.ts';
import { DurableChart } from './durable-chart.ts';
import type { DurableInner } from './durable-inner.ts';
import { DurablePlain } from './durable-plain.ts';
import { resolvePersist } from './persist-options.ts';
import type { PersistOptions, PersistPolicy } from './persist-options.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { StoredRecord, StoredTimer, TimerResume } from './record.ts';
import { SnapshotSession } from './snapshot-session.ts';

/** D4. */
const FINAL = new Set(['STORE_CONFLICT', 'SNAPSHOT_INVALID', 'SNAPSHOT_TOO_NEW', 'MIGRATION_FAILED', 'XSTATE_CHANGED']);

/**
 * Puts a store around logic.
 *
 * @throws InvalidOptionsError naming the option
 */
export function durably(logic: AnyLogic, options: PersistOptions): BodyMaker {
  const policy = resolvePersist(options);
  return { kind: 'maker', logic, createBody: (cell) => new DurableBody(cell, logic, policy) };
}

class DurableBody implements Body, BodyHost {
  readonly cell: Cell;
  readonly #policy: PersistPolicy;
  readonly #session: SnapshotSession;
  readonly #inner: DurableInner;
  #resume: TimerResume;
  #live = true;
  #begun = false;
  /** The cell is held by this. */
  #held = false;
  /** Something may have changed since the last look. */
  #dirty = false;
  /** What the behaviour does at its end. A failure ends it, and the restart waits for the same. */
  #cleanUp: Promise<void> | undefined;
  /** What is stored, the time of storing aside. */
  #stored = '';
  /** Facts of transitions that are not stored yet. */
  #facts: unknown[] = [];
  /** What the world may see. */
  #shown: unknown;

  constructor(cell: Cell, logic: AnyLogic, policy: PersistPolicy) {
    this.cell = cell;
    // While it is loaded anew, what was stored last still stands.
    this.#shown = cell.body?.snapshot();
    this.#policy = policy;
    this.#resume = policy.resume ?? 'deadline';
    this.#session = new SnapshotSession(cell, policy);
    this.#inner = isBehavior(logic)
      ? new DurablePlain(this, logic, policy.codec)
      : new DurableChart(this, logic as AnyActorLogic, policy.codec, () => this.#touch());
  }

  start(): void {
    this.#hold();
    void this.#open();
  }

  receive(message: Message): void {
    this.#inner.receive(message);
    this.#touch();
  }

  /** The state that is stored; undefined until the first one is. */
  snapshot(): unknown {
    return this.#shown;
  }

  stop(): Promise<void> | undefined {
    if (!this.#live) return this.#cleanUp;
    this.#live = false;
    this.#session.close();
    if (this.#begun) this.#cleanUp = this.#inner.stop();
    this.#release();
    return this.#cleanUp;
  }

  // What the behaviour reports.

  recordIntent(intent: Intent): void {
    if (!this.#live) return;
    this.#touch();
    this.cell.recordIntent(intent);
  }

  snapshotChanged(): void {
    this.#touch();
  }

  emitFact(fact: unknown): void {
    if (this.#live) this.#facts.push(fact);
    this.#touch();
  }

  bodyDone(output: unknown): void {
    if (!this.#live) return;
    this.#touch();
    this.cell.finish(output);
  }

  bodyFailed(reason: unknown): void {
    if (this.#live) this.cell.bodyFailed(reason);
  }

  /** D1. */
  async #open(): Promise<void> {
    try {
      const record = await this.#session.open((data) => decodeRecord(data, this.#policy));
      if (this.#live) this.#begin(record);
      await this.#store();
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(record: StoredRecord | undefined): void {
    const policy = this.#policy;
    this.#begun = true;
    this.#dirty = true;
    if (record === undefined) {
      this.#inner.begin(undefined, () => 0);
      return;
    }
    this.#resume = policy.resume ?? record.resume;
    const now = this.cell.system.environment.clock.now();
    this.#inner.begin(record, (timer) => delayOf(timer, this.#resume, record.savedAt, now));
    if (record.done !== undefined) this.cell.finish(record.done.output);
    const { savedAt, version } = record;
    if (policy.restored === undefined || this.cell.extras.finishing !== undefined) return;
    this.#inner.receive(policy.restored({ savedAt, version, awayMs: Math.max(0, now - savedAt) }));
  }

  /** D2: called within a transition. What is stored is what stands when the present turn is over. */
  #touch(): void {
    if (!this.#live || !this.#begun) return;
    this.#dirty = true;
    if (this.#held) return;
    this.#hold();
    this.cell.system.environment.scheduler.defer(() => {
      this.#store().catch((error: unknown) => this.#fail(error));
    });
  }

  /** Stores until nothing has changed meanwhile, and lets everything go on. */
  async #store(): Promise<void> {
    while (this.#live && this.#dirty) {
      this.#dirty = false;
      const { content, data } = this.#encode();
      if (content === this.#stored) continue;
      await this.#session.save(data);
      this.#stored = content;
    }
    const { finishing } = this.cell.extras;
    if (this.#live && finishing !== undefined && this.#policy.whenDone === 'delete') await this.#session.delete();
    if (this.#live) this.#show();
  }

  #encode(): { readonly content: string; readonly data: string } {
    const { finishing } = this.cell.extras;
    const record = {
      version: this.#policy.version,
      resume: this.#resume,
      ...this.#inner.capture(),
      ...(finishing !== undefined && { done: { output: finishing.output } }),
    };
    const savedAt = this.cell.system.environment.clock.now();
    return { content: encodeRecord({ ...record, savedAt: 0 }), data: encodeRecord({ ...record, savedAt }) };
  }

  #show(): void {
    const facts = this.#facts;
    this.#facts = [];
    for (const fact of facts) this.cell.emitFact(fact);
    this.#shown = this.#inner.snapshot();
    this.cell.snapshotChanged(this.#shown);
    // A listener may have ended the actor.
    if (this.#live) this.#release();
  }

  /** D3, D4. */
  #fail(reason: unknown): void {
    if (!this.#live) return;
    const error = RuntimeError.from(reason, 'ACTOR_FAILED');
    this.cell.bodyFailed(error, FINAL.has(error.code));
  }

  #hold(): void {
    this.#held = true;
    this.cell.hold();
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.cell.release();
  }
}

/** Milliseconds until a timer fires that was armed in an earlier life; below 0 when it should have fired already. */
function delayOf(timer: StoredTimer, resume: TimerResume, savedAt: number, now: number): number {
  switch (resume) {
    case 'deadline':
      return timer.dueAt - now;
    case 'remaining':
      return Math.max(0, timer.dueAt - savedAt);
    default:
      return timer.delayMs;
  }
}
