// One schedule: a scenario is set up, runs choice by choice, and is judged.
//
// Invariants:
//   R1. The first finding counts and ends the schedule.
//   R2. Nothing is awaited unless promises are at work; then nothing is chosen before they have settled down.
//   R3. However a schedule ends, traps are disarmed behind it.
//   R4. A rejection belongs to the schedule that caused it: its last step's are waited for, too. A verdict that is a
//       promise is refused, since nobody would look at it.

import type { Cell } from '../../actors/core/index.ts';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { LogEntry, Logger } from '../../ports/index.ts';
import { createSilentLogger } from '../../ports/silent-logger.ts';
import { createRecordingLogger } from '../../ports/manual-logger.ts';
import { createRecorder } from '../explore/recorder.ts';
import type { Recorder } from '../explore/recorder.ts';
import type { Scenario, ScheduleContext, Verdict } from '../explore/scenario.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { Chooser, Decision } from '../explore/strategies/strategy.ts';
import type { Leftovers, Oracle, OracleWatch, ScheduleEnd, ScheduleView } from '../oracles/oracle.ts';
import { LateAnswerError, requireAnswer } from '../oracles/verdicts.ts';
import type { AsyncActivity } from './async-activity.ts';
import { ClientScript } from './clients.ts';
import { INJECTED } from './faults.ts';
import { Kernel } from './kernel.ts';
import type { KernelOwner, KernelSettings } from './kernel.ts';
import { KernelView } from './schedule-view.ts';
import type { StrictTraps, StrictWatcher } from './strict-mode.ts';

/** What is wrong with a schedule. */
export interface Finding {
  /** Name of the oracle. */
  readonly oracle: string;
  readonly message: string;
  readonly error?: unknown;
}

/** How a schedule went. */
export interface ScheduleOutcome {
  readonly finding: Finding | undefined;
  readonly decisions: readonly Decision[];
  readonly steps: number;
  /** What happened; empty unless it was asked for. */
  readonly trace: readonly TraceStep[];
  /** Virtual time at the end, in milliseconds. */
  readonly elapsedMs: number;
  /** The last entries of the log; empty unless the trace was asked for. */
  readonly log: readonly LogEntry[];
}

/** How schedules are run. */
export interface ScheduleSettings extends KernelSettings {
  readonly maxSteps: number;
  readonly tracing: boolean;
}

/** What all schedules of an exploration share. */
export interface Surroundings {
  readonly activity: AsyncActivity;
  /** Undefined without strict mode. */
  readonly traps: StrictTraps | undefined;
}

const LOG_LINES = 20;
const STOP_MS = 60_000;
/** Characters of a state in the trace. */
const MOST_STATE = 80;

type Phase = 'running' | 'stopping' | 'over';

/** One run of a scenario. @internal */
export class Schedule<State> implements KernelOwner, StrictWatcher {
  readonly log: Logger;
  readonly #scenario: Scenario<State>;
  readonly #settings: ScheduleSettings;
  readonly #around: Surroundings;
  readonly #recorder: Recorder;
  readonly #kernel: Kernel;
  readonly #watches: OracleWatch[] = [];
  readonly #names: string[] = [];
  readonly #trace: TraceStep[] = [];
  /** Listeners on `process` at the beginning; counted when an oracle wants to know. */
  #listenersBefore = 0;
  #state: { readonly value: State } | undefined;
  #phase: Phase = 'running';
  #finding: Finding | undefined;
  #steps = 0;
  #isStopped = false;
  #isPaused = false;
  #wasInjected = false;
  #wasAwaited = false;

  constructor(scenario: Scenario<State>, settings: ScheduleSettings, chooser: Chooser, around: Surroundings) {
    this.#scenario = scenario;
    this.#settings = settings;
    this.#around = around;
    this.#recorder = createRecorder(chooser);
    this.log = settings.tracing ? createRecordingLogger({ capacity: LOG_LINES }) : createSilentLogger();
    around.traps?.arm(this);
    // What was under way before is none of this schedule's business.
    around.activity.take();
    this.#kernel = new Kernel(settings, this, around.traps);
    this.#begin();
  }

  /**
   * Goes on as far as it can. False: give the event loop a turn, and call again.
   *
   * @throws what the chooser throws, such as REPLAY_DIVERGED; INVALID_OPTIONS when a verdict is a promise
   */
  run(): boolean {
    const { activity, traps } = this.#around;
    traps?.arm(this);
    // What was under way has settled; the turn itself is no activity of the code under test.
    if (this.#isPaused) activity.take();
    this.#isPaused = false;
    try {
      for (;;) {
        if (this.#finding !== undefined || this.#phase === 'over') {
          traps?.arm(undefined);
          return this.#isSettled();
        }
        if (activity.take()) {
          this.#isPaused = true;
          return false;
        }
        this.#next();
      }
    } catch (error) {
      traps?.arm(undefined);
      throw error;
    }
  }

  /** R4: false once, when promises are still at work at the end. */
  #isSettled(): boolean {
    if (this.#wasAwaited || !this.#around.activity.take()) return true;
    this.#wasAwaited = true;
    return false;
  }

  outcome(): ScheduleOutcome {
    const { log } = this;
    return {
      finding: this.#finding,
      decisions: this.#recorder.decisions,
      steps: this.#steps,
      trace: this.#trace,
      elapsedMs: this.#kernel.clock.monotonic(),
      log: 'entries' in log ? (log.entries as readonly LogEntry[]) : [],
    };
  }

  // What the kernel and the traps tell.

  mayCrash(path: string): boolean {
    return this.#scenario.mayCrash?.(path) ?? true;
  }

  actorFailed(cell: Cell, reason: unknown): void {
    const error = RuntimeError.from(reason, 'ACTOR_FAILED');
    if (error.rawMessage === INJECTED) {
      this.#wasInjected = true;
      return;
    }
    const isHandled = cell.policy.supervision.restart !== 'temporary';
    // An escalation is what a fault can come to, too.
    if (isHandled || (this.#wasInjected && error.code === 'RESTART_LIMIT')) return;
    if (this.#scenario.allowFailure?.(error, cell.path) === true) return;
    this.#find('uncaughtError', `actor ${cell.path} failed: ${error.rawMessage}`, error);
  }

  failed(error: unknown): void {
    this.#find('uncaughtError', textOf(error), error);
  }

  now(): number {
    return this.#kernel.clock.now();
  }

  found(error: RuntimeError): void {
    // Before anything that it leads to: the code under test may swallow it.
    this.#finding = { oracle: 'strict', message: error.rawMessage, error };
  }

  unhandled(error: unknown): void {
    this.failed(error);
  }

  // The run.

  #begin(): void {
    const { setup, oracles = [] } = this.#scenario;
    const view = this.#view();
    for (const oracle of oracles) this.#listen(oracle, view);
    try {
      this.#state = { value: requireAnswer('scenario.setup', setup(this.#context(view))) };
      this.#kernel.runJobs();
    } catch (error) {
      if (error instanceof LateAnswerError) throw error;
      this.#find('setup', textOf(error), error);
    }
    if (this.#finding === undefined) this.#judge();
  }

  #context(view: ScheduleView<State>): ScheduleContext {
    const kernel = this.#kernel;
    return {
      system: kernel.system,
      environment: kernel.environment,
      client: (name, ...steps) => void kernel.clients.push(new ClientScript(name, steps, kernel)),
      port: (name, port, options) => kernel.ports.wrap(name, port, options),
      expect: (oracle) => this.#listen(oracle as unknown as Oracle<State>, view),
    };
  }

  #listen(oracle: Oracle<State>, view: ScheduleView<State>): void {
    const watch = oracle.watch(view);
    this.#watches.push(watch);
    this.#names.push(oracle.name);
    if (watch.afterStop !== undefined) this.#listenersBefore = countListeners();
  }

  #next(): void {
    const options = this.#kernel.options();
    const isStopping = this.#phase === 'stopping';
    if (options.length === 0 || (isStopping && this.#isStopped)) {
      this.#rest();
      return;
    }
    if (++this.#steps > this.#settings.maxSteps) {
      this.#find('livelock', `it did not come to rest within ${this.#settings.maxSteps} steps`);
      return;
    }
    // The stop at the end is not what is explored.
    const option = isStopping ? options[0] : this.#recorder.decide(options);
    if (option === undefined) return;
    const step = this.#settings.tracing ? option.describe() : undefined;
    try {
      this.#kernel.perform(option);
    } catch (error) {
      this.#find('uncaughtError', textOf(error), error);
    }
    if (step !== undefined) this.#trace.push({ ...step, note: stateOf(option.cell) });
    if (this.#finding === undefined && !isStopping) this.#judge();
  }

  /** Nothing is left to choose. */
  #rest(): void {
    if (this.#phase === 'running') this.#end(this.#kernel.isQuiet ? 'quiet' : 'timeUp');
    else {
      this.#phase = 'over';
      if (this.#isStopped) this.#ask((watch) => watch.afterStop?.());
      else this.#find('noLeaks', 'the system does not stop');
    }
  }

  #end(end: ScheduleEnd): void {
    this.#checkCompletion(end);
    const state = this.#state;
    const { check } = this.#scenario;
    if (state !== undefined && check !== undefined)
      this.#verdict('check', () => requireAnswer('scenario.check', check(state.value)));
    this.#ask((watch) => watch.atEnd?.(end));
    if (this.#finding !== undefined || !this.#watches.some(({ afterStop }) => afterStop !== undefined)) {
      this.#phase = 'over';
      return;
    }
    this.#phase = 'stopping';
    this.#kernel.liftLimit();
    void this.#kernel.system.stop({ deadlineMs: STOP_MS }).then(() => {
      this.#isStopped = true;
    });
  }

  #checkCompletion(end: ScheduleEnd): void {
    const { completes = false } = this.#scenario;
    if (completes === false) return;
    const waiting = this.#kernel.clients.filter(({ isDone }) => !isDone).map(({ name }) => name);
    const state = this.#state;
    const isWrong =
      typeof completes === 'function' &&
      state !== undefined &&
      !requireAnswer('scenario.completes', completes(state.value));
    if (waiting.length === 0 && !isWrong) return;
    const who = waiting.length === 0 ? 'the scenario is not complete' : `still waiting: ${waiting.join(', ')}`;
    const calls = [...this.#kernel.ports.open];
    const open = calls.length === 0 ? '' : `; open calls: ${calls.join(', ')}`;
    const why = end === 'quiet' ? 'nothing is left to happen' : 'the virtual time is up';
    this.#find('deadlock', `${why}, and ${who}${open}`);
  }

  #judge(): void {
    const state = this.#state;
    const { invariant } = this.#scenario;
    if (state !== undefined && invariant !== undefined) {
      this.#verdict('invariant', () => requireAnswer('scenario.invariant', invariant(state.value)));
    }
    if (this.#watches.length > 0) this.#ask((watch) => watch.afterStep?.());
  }

  #ask(question: (watch: OracleWatch) => string | undefined): void {
    for (const [i, watch] of this.#watches.entries()) {
      if (this.#finding !== undefined) return;
      const name = this.#names[i] ?? 'oracle';
      this.#verdict(name, () => requireAnswer(name, question(watch)));
    }
  }

  #verdict(oracle: string, judge: () => Verdict): void {
    try {
      const verdict = judge();
      if (verdict === false) this.#find(oracle, 'it does not hold');
      else if (typeof verdict === 'string') this.#find(oracle, verdict);
    } catch (error) {
      if (error instanceof LateAnswerError) throw error;
      this.#find(oracle, textOf(error), error);
    }
  }

  #find(oracle: string, message: string, error?: unknown): void {
    this.#finding ??= { oracle, message, ...(error !== undefined && { error }) };
  }

  #view(): ScheduleView<State> {
    const current = (): State => {
      if (this.#state !== undefined) return this.#state.value;
      throw new RuntimeError('FAILED_PRECONDITION', 'the scenario is not set up yet');
    };
    return new KernelView(this.#kernel, current, () => this.#leftovers());
  }

  #leftovers(): Leftovers {
    const { system, clock, ports } = this.#kernel;
    return {
      actors: system.actors().map(({ path }) => path),
      timers: clock.pending,
      calls: [...ports.open],
      listeners: countListeners() - this.#listenersBefore,
    };
  }
}

/** The state of an actor, in a few words. */
function stateOf(cell: Cell | undefined): string | undefined {
  if (cell === undefined) return undefined;
  if (!cell.alive) return 'ended';
  const snapshot: unknown = cell.snapshot();
  const isChart = typeof snapshot === 'object' && snapshot !== null && 'value' in snapshot && 'status' in snapshot;
  const state = isChart ? snapshot.value : snapshot;
  try {
    const text = JSON.stringify(state) as string | undefined;
    return text === undefined || text.length > MOST_STATE ? undefined : text;
  } catch {
    // Not everything that a state holds can be printed.
    return undefined;
  }
}

function textOf(error: unknown): string {
  if (isRuntimeError(error)) return error.rawMessage;
  return error instanceof Error ? error.message : String(error);
}

function countListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}
