// The replacement of one version of a plugin by another one: the chart, what it acts on, and the handle of whoever wants it.
//
// Invariants:
//   R1. Calls are switched and events are given away in one piece of synchronous code, or not at all.
//   R2. Each command settles: with what it led to, with its refusal, or with the end of the replacement.
//   R3. When it is over, one version is left at most.

import { createPluginReplacementLogic } from '../actors/index.ts';
import type { Actor, ActorRef, ActorSystem, PluginReplacementPorts } from '../actors/index.ts';
import { RuntimeError } from '../errors/index.ts';
import { REPLACEMENT_PHASES } from '../machines/index.ts';
import type {
  pluginReplacementMachine,
  PluginReplacementAnswer,
  PluginReplacementEvent,
  PluginReplacementFact,
  ReplacementEnd,
  ReplacementFailure,
  ReplacementPhase,
  VerifyReport,
} from '../machines/index.ts';
import { requireAtLeast, requireObject } from '../policy/index.ts';
import { within } from '../ports/index.ts';
import { NEVER } from './edition.ts';
import type { Edition } from './edition.ts';
import type { KeepOptions, ReplacementOutcome, ReplacementStatus, StagedPlugin, SwapOptions } from './staged-plugin.ts';
import { resolveSwapOptions } from './staged-plugin.ts';
import { verifyEdition } from './verify-edition.ts';

/** What a replacement is made of. */
export interface ReplacementParts {
  /** Name of the plugin. */
  readonly plugin: string;
  readonly previous: Edition;
  readonly next: Edition;
  readonly system: ActorSystem;
  readonly parent: ActorRef<never>;
  /** Makes a version the current one: for calls, and for whoever asks for the state of the plugin. Synchronous. */
  readonly route: (edition: Edition) => void;
  /** Hears what everybody may hear. */
  readonly tell: (fact: PluginReplacementFact) => void;
}

const PHASES: ReadonlySet<string> = new Set(REPLACEMENT_PHASES);

/** A replacement under way. */
export class Replacement implements StagedPlugin {
  readonly ended: Promise<ReplacementOutcome>;
  readonly #parts: ReplacementParts;
  readonly #actor: Actor<typeof pluginReplacementMachine>;
  readonly #stopWatching: (() => void)[] = [];
  #orders = 0;
  /** Commands without an answer. */
  #underWay = 0;
  #isOver = false;
  #isVerifying = false;
  /** Gives up the verification that is under way. */
  #verifySignal: AbortSignal | undefined;

  constructor(parts: ReplacementParts) {
    const { plugin, system, parent, previous, next, tell } = parts;
    this.#parts = parts;
    this.#actor = system.spawn(createPluginReplacementLogic(this.#ports()), {
      name: system.environment.ids.next(`${plugin.slice(0, SHOWN_NAME)}-replacement`),
      parent,
      input: { plugin },
    });
    this.ended = this.#actor.ended.then((outcome) => {
      this.#isOver = true;
      for (const stop of this.#stopWatching) stop();
      const { end, failure } = outcome.kind === 'done' ? outcome.output : STOPPED;
      // What went wrong on the way to an end that somebody asked for is not why it came.
      const isAsked = end === 'kept' || end === 'stopped';
      return { end, error: failure === undefined || isAsked ? undefined : this.#errorOf(failure) };
    });
    next.isTakenBack = (failure) => this.#takesBack(failure);
    this.#stopWatching.push(
      () => {
        next.isTakenBack = NEVER;
      },
      this.#actor.onFact((fact) => {
        if (fact.type.startsWith('plugin.')) tell(fact as PluginReplacementFact);
      }),
      // Not only when it has missed too many checks and is killed: until then its calls can end.
      next.onFact((fact) => {
        if (fact.type === 'plugin.unhealthy') this.#takesBack(unhealthyOf(plugin, fact.message));
      }),
      next.onLost(() => void this.#actor.tell({ type: 'next.lost', failure: lostOf(plugin) })),
      previous.onLost(() => void this.#actor.tell({ type: 'standby.lost' })),
    );
  }

  get phase(): ReplacementPhase {
    const tag = [...this.#actor.snapshot().tags].find((one): one is ReplacementPhase => PHASES.has(one));
    return this.#isOver || tag === undefined ? 'done' : tag;
  }

  /** Whether the version may become the current one again. */
  standsBy(edition: Edition): boolean {
    return edition === this.#parts.previous && !edition.isOver && this.#actor.snapshot().tags.has('swapped');
  }

  status(): ReplacementStatus {
    const { next, previous } = this.#parts;
    const { failure } = this.#actor.snapshot().context;
    return {
      phase: this.phase,
      next: next.isOver ? undefined : next.status(),
      previous: previous.isOver ? undefined : previous.status(),
      failure,
    };
  }

  /** Settles when the new version is ready; rejects when it does not get so far, and is gone. */
  staged(): Promise<void> {
    if (this.phase !== 'staging') return Promise.resolve();
    return this.#answer({}, (fact, settle) => {
      if (fact.type === 'plugin.staged') settle.resolve();
    });
  }

  async verify(signal?: AbortSignal): Promise<VerifyReport> {
    if (signal?.aborted === true) throw new RuntimeError('CANCELLED', 'the verification was given up before it began');
    if (this.#isVerifying) throw this.#refusal('verify');
    this.#isVerifying = true;
    this.#verifySignal = signal;
    try {
      return await this.#command<VerifyReport>({ type: 'replacement.verify' }, {}, (fact, { resolve, reject }) => {
        if (fact.type === 'replacement.verified') resolve(fact.report);
        if (fact.type === 'replacement.unverified') reject(errorFrom(fact.failure));
      });
    } finally {
      this.#isVerifying = false;
    }
  }

  async swap(options?: SwapOptions): Promise<void> {
    const order = resolveSwapOptions(options);
    await this.#command<void>({ type: 'replacement.swap', ...order }, {}, (fact, { resolve, reject }) => {
      // One that could not be reverted has swapped.
      if (fact.type === 'plugin.swapped' || fact.type === 'replacement.unreverted') resolve();
      if (fact.type === 'replacement.unswapped') reject(errorFrom(fact.failure));
    });
  }

  async keep(options: KeepOptions = {}): Promise<void> {
    const { drainMs = this.#parts.previous.drainMs } = requireObject('options', options);
    requireAtLeast('drainMs', drainMs, 0);
    await this.#end('kept', { type: 'replacement.keep', drainMs });
  }

  async revert(): Promise<void> {
    await this.#end('reverted', { type: 'replacement.revert' });
  }

  async discard(): Promise<void> {
    await this.#end('discarded', { type: 'replacement.discard' });
  }

  /** The plugin is being stopped. */
  stop(): void {
    if (!this.#isOver) this.#actor.tell({ type: 'replacement.stop' });
  }

  /** What ends a replacement; asked for again afterwards, it agrees with that end. */
  async #end(wanted: ReplacementEnd, order: Order): Promise<void> {
    if (this.#isOver && (await this.ended).end === wanted) return;
    await this.#command<void>(order, { wanted }, (fact, { reject }) => {
      if (fact.type === 'replacement.unreverted') reject(errorFrom(fact.failure));
    });
  }

  #command<Result>(order: Order, { wanted }: Wanted, hear: Hear<Result>): Promise<Result> {
    const what = order.type.slice('replacement.'.length);
    if (this.#isOver || this.#underWay >= MOST_COMMANDS) return Promise.reject(this.#refusal(what));
    this.#orders += 1;
    this.#underWay += 1;
    const number = this.#orders;
    const answer = this.#answer<Result>({ wanted }, (fact, settle) => {
      if (fact.type === 'replacement.refused' && fact.order === number) settle.reject(this.#refusal(what));
      else hear(fact, settle);
    });
    this.#actor.tell({ ...order, order: number });
    return answer.finally(() => {
      this.#underWay -= 1;
    });
  }

  /** R2. */
  #answer<Result>({ wanted }: Wanted, hear: Hear<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const stop = this.#actor.onFact((fact) => hear(fact, settle));
      const settle: Settle<Result> = {
        resolve(result) {
          stop();
          resolve(result);
        },
        reject(error) {
          stop();
          reject(error);
        },
      };
      void this.ended.then(({ end, error }) => {
        if (end === wanted) settle.resolve(undefined as Result);
        else settle.reject(error ?? this.#endedAs(end));
      });
    });
  }

  #ports(): PluginReplacementPorts {
    const { plugin, previous, next, system } = this.#parts;
    const { clock } = system.environment;
    return {
      awaitNext: (signal) => next.ready(signal),
      verifyNext: (signal) => {
        const signals = [signal, this.#verifySignal].filter((one) => one !== undefined);
        return verifyEdition(plugin, next, AbortSignal.any(signals));
      },
      routeToNext: (eventDrainMs) => {
        if (!next.gate.isOpen) throw next.refusal();
        return this.#route(next, eventDrainMs);
      },
      drainStandby: (signal) => previous.gate.drained(signal),
      async retireStandby(drainMs) {
        const over = new AbortController();
        await within(clock, drainMs, Promise.race([previous.gate.drained(over.signal), previous.ended]));
        over.abort();
        await previous.retire();
      },
      routeBack: (eventDrainMs) => {
        if (!previous.gate.isOpen) {
          throw new RuntimeError('STANDBY_LOST', `the version of plugin "${plugin}" that worked before is not ready`);
        }
        return this.#route(previous, eventDrainMs);
      },
      async endNext() {
        next.tell('plugin.stop');
        await next.ended;
      },
    };
  }

  /** No event can be carried to the new version, or it is not well: as good as a crash. */
  #takesBack(failure: ReplacementFailure): boolean {
    const { tags, context } = this.#actor.snapshot();
    const isPossible = tags.has('swapped') && context.revertOnCrash && context.hasStandby;
    if (!isPossible || !this.#parts.previous.gate.isOpen) return false;
    return this.#actor.tell({ type: 'next.lost', failure }).accepted;
  }

  /** R1. */
  #route(edition: Edition, eventDrainMs: number): Promise<void> {
    const moved = edition.events.takeSeat(eventDrainMs);
    this.#parts.route(edition);
    return moved;
  }

  #refusal(what: string): RuntimeError {
    const { plugin } = this.#parts;
    const { phase } = this;
    const text = `the replacement of plugin "${plugin}" cannot ${what} while it is in the phase ${phase}`;
    return new RuntimeError('REPLACEMENT_REFUSED', text, { details: { plugin, phase } });
  }

  #endedAs(end: ReplacementEnd): RuntimeError {
    const { plugin } = this.#parts;
    if (end === 'stopped') return new RuntimeError('PLUGIN_STOPPED', `plugin "${plugin}" was stopped meanwhile`);
    return new RuntimeError('REPLACEMENT_REFUSED', `the replacement of plugin "${plugin}" was ${end}`, {
      details: { plugin, phase: 'done', end },
    });
  }

  /** What is known about the process says more than that it was lost. */
  #errorOf(failure: ReplacementFailure): RuntimeError {
    return this.#parts.next.failure() ?? errorFrom(failure);
  }
}

/** A command without its number. */
type Order = WithoutNumber<Extract<PluginReplacementEvent, { readonly order: number }>>;
type WithoutNumber<Event> = Event extends unknown ? Omit<Event, 'order'> : never;

/** The end of the replacement that a command leads to; undefined for one that leads to none. */
interface Wanted {
  readonly wanted?: ReplacementEnd | undefined;
}

interface Settle<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: RuntimeError) => void;
}
type Hear<Result> = (fact: PluginReplacementAnswer | PluginReplacementFact, settle: Settle<Result>) => void;

/** Commands without an answer; the mailbox of the chart has room for them and for a stop. */
const MOST_COMMANDS = 64;
/** Characters of a plugin's name in that of its replacement. */
const SHOWN_NAME = 64;

/** An actor that was ended by force has no output. */
const STOPPED = { end: 'stopped', failure: undefined } as const;

function lostOf(plugin: string): ReplacementFailure {
  return { code: 'PLUGIN_CRASHED', message: `the new version of plugin "${plugin}" stopped taking calls` };
}

function unhealthyOf(plugin: string, reason: string): ReplacementFailure {
  const message = `the new version of plugin "${plugin}" missed a health check: ${reason}`;
  return { code: 'PLUGIN_UNRESPONSIVE', message };
}

function errorFrom({ code, message }: ReplacementFailure): RuntimeError {
  return new RuntimeError(code, message);
}
