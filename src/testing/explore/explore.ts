// Runs a scenario again and again, each time in another order, until an oracle objects.
//
// Invariants:
//   E1. One exploration at a time: traps and hooks belong to the whole process.
//   E2. Whatever happens, globals, hooks and listeners are as before when it is over.
//   E3. A failure is run once more before it is reported, so that what is printed is what the replay line repeats.

import { InvalidOptionsError } from '../../errors/index.ts';
import { createRealEnvironment } from '../../ports/index.ts';
import { turnOfEventLoop, watchPromises } from '../kernel/async-activity.ts';
import { resolveFaults } from '../kernel/faults.ts';
import type { FaultBudget } from '../kernel/faults.ts';
import type { KernelSettings } from '../kernel/kernel.ts';
import { Schedule } from '../kernel/schedule.ts';
import type { ScheduleOutcome, Surroundings } from '../kernel/schedule.ts';
import { installTraps } from '../kernel/strict-mode.ts';
import { shrinkFailure } from './counterexample.ts';
import { dfs } from './strategies/dfs.ts';
import { RaceError } from './outcome.ts';
import type { Exploration, RaceFailure } from './outcome.ts';
import { pct } from './strategies/pct.ts';
import { portfolio } from './strategies/portfolio.ts';
import { random } from './strategies/random.ts';
import { parseReplay, repeat } from './replay-text.ts';
import { describeValue, requireCount, requireObject, requireScenario } from './required-options.ts';
import type { Scenario } from './scenario.ts';
import type { Chooser, Strategy } from './strategies/strategy.ts';

/** How a scenario is explored. */
export interface ExploreOptions {
  /** Who makes the choices. Default `portfolio`. */
  readonly strategy?: 'random' | 'pct' | 'dfs' | 'portfolio' | Strategy | undefined;
  /** Most schedules. Default 1,000, and 100,000 under `dfs`; no limit when `timeMs` is given. */
  readonly schedules?: number | undefined;
  /** Real time after which no further schedule begins, in milliseconds; the first one always does. Default: no limit. */
  readonly timeMs?: number | undefined;
  /** Seed of the strategy and of the environment's randomness. Default 1. */
  readonly seed?: number | undefined;
  /** Faults that each schedule may have. Default: none. */
  readonly faults?: FaultBudget | undefined;
  /** How often in a schedule time may pass while something else could happen. Default 4. */
  readonly earlyTimers?: number | undefined;
  /** Virtual time of a schedule, in milliseconds; it ends there when nothing else is left. Default 60,000. */
  readonly limitMs?: number | undefined;
  /** Most steps of a schedule; more are a livelock. Default 10,000. */
  readonly maxSteps?: number | undefined;
  /** Fails when code under test reads real time or randomness. Default true. */
  readonly strict?: boolean | undefined;
  /** Repeats one schedule, from a failure's replay line; the options that decide about schedules are in the text. */
  readonly replay?: string | undefined;
  /** Most schedules that are tried to make a failure small. Default 500. */
  readonly shrinkTries?: number | undefined;
  /** Rejects with the failure. When false, it is in the result. Default true. */
  readonly throws?: boolean | undefined;
}

const DEFAULT_SCHEDULES = 1000;
const DEFAULT_DFS_SCHEDULES = 100_000;
const DEFAULT_MAX_STEPS = 10_000;
const DEFAULT_LIMIT_MS = 60_000;
const DEFAULT_EARLY_TIMERS = 4;
const DEFAULT_SHRINK_TRIES = 500;
/** Schedules that differ are counted up to here, because each takes memory. */
const MOST_COUNTED = 1_000_000;
/** Real time without a turn of the event loop, in milliseconds. */
const TURN_MS = 2;

// E1: the exploration before this one, whatever becomes of it.
let previous: Promise<unknown> = Promise.resolve();

/**
 * Explores a scenario.
 *
 * @throws (rejects) RaceError (RACE_FOUND) when a schedule fails, unless `throws` is false; REPLAY_DIVERGED;
 *   INVALID_OPTIONS
 */
export async function explore<State>(scenario: Scenario<State>, options: ExploreOptions = {}): Promise<Exploration> {
  requireScenario(scenario);
  requireObject('options', options);
  const plan = resolvePlan(options);
  const turn = previous.then(() => exploreAlone(scenario, plan));
  previous = turn.catch(() => {});
  const exploration = await turn;
  const { failure } = exploration;
  if (failure === undefined || options.throws === false) return exploration;
  throw new RaceError(scenario.name ?? 'scenario', failure, exploration);
}

interface Plan {
  readonly strategy: Strategy;
  readonly schedules: number;
  readonly timeMs: number;
  readonly settings: KernelSettings;
  readonly maxSteps: number;
  readonly strict: boolean;
  readonly shrinkTries: number;
  readonly isReplay: boolean;
}

/** Runs single schedules of a scenario. @internal */
export interface Runner {
  run(chooser: Chooser, tracing: boolean): ScheduleOutcome | Promise<ScheduleOutcome>;
}

async function exploreAlone<State>(scenario: Scenario<State>, plan: Plan): Promise<Exploration> {
  const around: Surroundings = { activity: watchPromises(), traps: plan.strict ? installTraps() : undefined };
  const rejections = catchRejections();
  try {
    return await search(plan, {
      run: (chooser, tracing) => {
        const settings = { ...plan.settings, maxSteps: plan.maxSteps, tracing };
        const schedule = new Schedule(scenario, settings, chooser, around);
        rejections.to = schedule;
        return schedule.run() ? schedule.outcome() : finish(schedule);
      },
    });
  } finally {
    rejections.remove();
    around.traps?.remove();
    around.activity.stop();
  }
}

async function finish<State>(schedule: Schedule<State>): Promise<ScheduleOutcome> {
  do await turnOfEventLoop();
  while (!schedule.run());
  return schedule.outcome();
}

async function search(plan: Plan, runner: Runner): Promise<Exploration> {
  const { clock } = createRealEnvironment();
  const endsAt = clock.monotonic() + plan.timeMs;
  const seen = new Set<number>();
  let turnAt = clock.monotonic() + TURN_MS;
  let schedules = 0;
  let steps = 0;
  const result = (exhausted: boolean, failure?: RaceFailure): Exploration => ({
    schedules,
    distinct: seen.size,
    exhausted,
    steps,
    ...(failure !== undefined && { failure }),
  });
  while (schedules < plan.schedules) {
    const now = clock.monotonic();
    // A result of no schedule at all would pass for a good one.
    if (now >= endsAt && schedules > 0) break;
    if (now >= turnAt) {
      await turnOfEventLoop();
      turnAt = clock.monotonic() + TURN_MS;
    }
    const chooser = plan.strategy.next(schedules);
    if (chooser === undefined) return result(true);
    const going = runner.run(chooser, false);
    const outcome = going instanceof Promise ? await going : going;
    plan.strategy.done(outcome.decisions);
    schedules++;
    steps += outcome.steps;
    if (seen.size < MOST_COUNTED) seen.add(hashOf(outcome));
    if (outcome.finding === undefined) continue;
    const tries = plan.isReplay ? 0 : plan.shrinkTries;
    const failure = await shrinkFailure({ runner, outcome, tries, settings: plan.settings });
    return result(false, { ...failure, schedule: schedules - 1, madeBy: chooser.madeBy });
  }
  return result(false);
}

/** 53 bits of the choices that were made, which say all about a schedule. */
function hashOf({ decisions }: ScheduleOutcome): number {
  let high = 0x811c_9dc5;
  let low = 0x1234_5678;
  for (const { index } of decisions) {
    high = Math.imul(high ^ index, 0x0100_0193);
    low = Math.imul(low ^ (index + 0x9e37), 0x85eb_ca6b) ^ (low >>> 13);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

interface RejectionTrap {
  /** The schedule that runs; kept as it is, because a function made for each would keep all of them alive for long. */
  to: { failed(error: unknown): void } | undefined;
  remove(): void;
}

/** Takes the rejections that nobody handles away from the process, as long as it explores. */
function catchRejections(): RejectionTrap {
  // The raw ones, so that a listener for once stays one.
  const others = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
  const caught: RejectionTrap = { to: undefined, remove };
  const listen = (error: unknown): void => caught.to?.failed(error);
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listen);
  function remove(): void {
    process.removeListener('unhandledRejection', listen);
    for (const other of others) process.on('unhandledRejection', other);
  }
  return caught;
}

function resolvePlan(options: ExploreOptions): Plan {
  const { strict = true } = options;
  const shrinkTries = requireCount('shrinkTries', options.shrinkTries ?? DEFAULT_SHRINK_TRIES, 0);
  const maxSteps = requireCount('maxSteps', options.maxSteps ?? DEFAULT_MAX_STEPS, 1);
  if (options.replay !== undefined) {
    const { settings, decisions } = parseReplay(options.replay);
    const common = { settings, maxSteps, strict, shrinkTries, timeMs: Number.POSITIVE_INFINITY };
    return { ...common, strategy: repeat(decisions), schedules: 1, isReplay: true };
  }
  const seed = requireCount('seed', options.seed ?? 1, 0);
  const timeMs = options.timeMs ?? Number.POSITIVE_INFINITY;
  requireNumber('timeMs', timeMs, timeMs > 0, 'above 0');
  const schedules = options.schedules ?? defaultSchedules(options);
  if (schedules !== Number.POSITIVE_INFINITY) requireCount('schedules', schedules, 1);
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  requireNumber('limitMs', limitMs, limitMs >= 0, 'of at least 0');
  const earlyTimers = requireCount('earlyTimers', options.earlyTimers ?? DEFAULT_EARLY_TIMERS, 0);
  const settings = { seed, limitMs, earlyTimers, faults: resolveFaults(options.faults) };
  return {
    strategy: strategyOf(options.strategy ?? 'portfolio', seed),
    schedules,
    timeMs,
    settings,
    maxSteps,
    strict,
    shrinkTries,
    isReplay: false,
  };
}

function defaultSchedules({ timeMs, strategy }: ExploreOptions): number {
  if (timeMs !== undefined) return Number.POSITIVE_INFINITY;
  return strategy === 'dfs' ? DEFAULT_DFS_SCHEDULES : DEFAULT_SCHEDULES;
}

function strategyOf(strategy: NonNullable<ExploreOptions['strategy']>, seed: number): Strategy {
  if (typeof strategy === 'object') {
    if (typeof strategy?.next === 'function' && typeof strategy.done === 'function') return strategy;
    throw new InvalidOptionsError('strategy', 'must have the functions next and done');
  }
  switch (strategy) {
    case 'random':
      return random(seed);
    case 'pct':
      return pct({ seed });
    case 'dfs':
      return dfs();
    case 'portfolio':
      return portfolio({ seed });
    default:
      throw new InvalidOptionsError(
        'strategy',
        `must be random, pct, dfs or portfolio, got ${describeValue(strategy)}`,
      );
  }
}

/** Infinity is fine; a text is not, although it compares like a number. */
function requireNumber(field: string, value: unknown, isInRange: boolean, range: string): void {
  if (typeof value === 'number' && isInRange) return;
  throw new InvalidOptionsError(field, `must be a number ${range}, got ${describeValue(value)}`);
}
