// What a plugin does when one operation comes after the other, and what a history of operations says of it (P9). Made from
// the tables of docs/lifecycle.md, and from nothing of the chart.
//
// Invariants:
//   Q1. An operation that goes through a passing state is two steps: it enters the state, and it leaves it. Between them
//       nothing else changes the plugin.
//   Q2. A refusal changes nothing. It names the state in which the plugin was, or an operation that was under way on the same
//       host, or says that another host is at work, which is never so for a plugin that this host runs.

import type { LifecycleOperation } from '../../src/host/lifecycle/index.ts';
import type { LifecycleState } from '../../src/ports/lifecycle-store.ts';
import { checkLinearizable } from '../../src/testing/index.ts';
import type { HistoryEntry, SequentialModel } from '../../src/testing/index.ts';

export type Operation = Exclude<LifecycleOperation, 'consent'>;
type State = LifecycleState | 'absent';

/** What a client has asked for. */
export interface Asked {
  readonly host: number;
  /** Of an install or an update: the version that it is about. */
  readonly version: string;
}

/** What it was told. */
export type Answer =
  | { readonly kind: 'done'; readonly state: State; readonly version: string | undefined }
  | {
      readonly kind: 'refused';
      readonly code: string;
      /** The state that the refusal names. */
      readonly actual: State | undefined;
      /** The operation that it names, when another one was under way. */
      readonly underWay: string | undefined;
    };

/** From which states an operation may begin. */
const MAY_BEGIN: Readonly<Record<Operation, readonly State[]>> = {
  install: ['absent'],
  activate: ['installed', 'inactive'],
  deactivate: ['active'],
  update: ['installed', 'active', 'inactive'],
  rollback: ['installed', 'active', 'inactive'],
  reset: ['errored', 'quarantined'],
  quarantine: ['installed', 'active', 'inactive', 'errored'],
  uninstall: ['installed', 'inactive', 'errored', 'quarantined'],
};
const PASSES: Readonly<Partial<Record<Operation, State>>> = {
  install: 'installing',
  activate: 'activating',
  deactivate: 'deactivating',
  update: 'updating',
  rollback: 'updating',
  uninstall: 'uninstalling',
};
/** What an operation is refused with after it has begun, and leaves nothing else. */
const UNDONE = ['ROLLBACK_UNAVAILABLE', 'DOWNGRADE_REFUSED'];
/** The start of a plugin failed. */
export const START_FAILED = 'PROBE_FAILED';
const REFUSALS = ['INVALID_TRANSITION', 'NAME_TAKEN', 'PLUGIN_UNKNOWN', 'PLUGIN_ELSEWHERE', ...UNDONE, START_FAILED];

/** The plugin, as far as operations tell of it. */
interface Plugin {
  readonly state: State;
  readonly version: string;
  readonly retained: readonly string[];
  /** The highest version that there ever was. */
  readonly highest: string;
  /** Where it runs. */
  readonly runsOn: number | undefined;
  /** The operation that is under way, and the state before it. */
  readonly by: number | undefined;
  readonly before: State;
}

interface Step {
  readonly operation: string;
  readonly input: Part;
}

interface Part {
  readonly id: number;
  readonly operation: Operation;
  readonly asked: Asked;
  readonly answer: Answer;
  /** Which step of the operation. */
  readonly step: 'enter' | 'leave' | 'whole' | 'end';
}

const MODEL: SequentialModel<Plugin, Step> = {
  initial: {
    state: 'absent',
    version: '',
    retained: [],
    highest: '',
    runsOn: undefined,
    by: undefined,
    before: 'absent',
  },
  apply(plugin, { input }) {
    const next = stepOf(plugin, input);
    return typeof next === 'string' ? { state: plugin, output: next } : { state: next, output: 'fits' };
  },
};

/** What is wrong with a history of one plugin that ended in a state; undefined when it could have happened in some order. */
export function historyProblem(
  history: readonly HistoryEntry[],
  end: { readonly state: State; readonly version: string | undefined },
): string | undefined {
  const open = history.find(({ returnedAt }) => returnedAt === undefined);
  if (open !== undefined) return `${open.process}: ${open.operation} was never answered`;
  for (const entry of history) {
    const problem = busyProblem(entry, history);
    if (problem !== undefined) return problem;
  }
  const last = 2 * history.length;
  const asked = { host: 0, version: '' };
  const read = { id: -1, operation: 'reset', asked, answer: { kind: 'done', ...end }, step: 'end' } as const;
  const steps = history.flatMap((entry, id) => stepsOf(entry, id));
  const ending = {
    process: 'end',
    operation: 'end',
    input: read,
    output: 'fits',
    invokedAt: last,
    returnedAt: last + 1,
  };
  const result = checkLinearizable([...steps, ending], MODEL, { maxStates: 200_000 });
  return result.linearizable ? undefined : result.explanation;
}

/** Q1. Refusals for what is under way are no steps: whether they are right is a matter of overlaps. */
function stepsOf(entry: HistoryEntry, id: number): readonly HistoryEntry[] {
  const operation = entry.operation as Operation;
  const answer = entry.output as Answer;
  const step = (name: Part['step']): HistoryEntry => ({
    ...entry,
    operation: `${operation} ${name}`,
    input: { id, operation, asked: entry.input as Asked, answer, step: name } satisfies Part,
    output: 'fits',
  });
  if (answer.kind === 'refused' && answer.underWay !== undefined) return [];
  // An install that is refused a version has not begun.
  const hasBegun =
    answer.kind === 'done' || answer.code === START_FAILED || (operation !== 'install' && UNDONE.includes(answer.code));
  return hasBegun && PASSES[operation] !== undefined ? [step('enter'), step('leave')] : [step('whole')];
}

/** Q2. */
function busyProblem(entry: HistoryEntry, history: readonly HistoryEntry[]): string | undefined {
  const answer = entry.output as Answer;
  const what = `${entry.process}: ${entry.operation}`;
  if (answer.kind === 'done') return undefined;
  const { code, underWay, actual } = answer;
  if (!REFUSALS.includes(code)) return `${what} was refused with ${code}`;
  if (underWay === undefined) return undefined;
  const { host } = entry.input as Asked;
  const isRight = history.some(
    (other) =>
      other !== entry && other.operation === underWay && (other.input as Asked).host === host && overlap(entry, other),
  );
  if (!isRight) return `${what} was refused for ${underWay}, which was not under way`;
  const passing = PASSES[underWay as Operation];
  return passing === undefined || actual === passing ? undefined : `${what} was refused as ${actual}, not ${passing}`;
}

function overlap(one: HistoryEntry, other: HistoryEntry): boolean {
  return one.invokedAt < (other.returnedAt ?? 0) && other.invokedAt < (one.returnedAt ?? 0);
}

/** What a step makes of the plugin, or why it cannot be there. */
function stepOf(plugin: Plugin, part: Part): Plugin | string {
  const { operation, asked, answer, step, id } = part;
  const { state, version } = plugin;
  if (step === 'end') return agrees(plugin, answer) ? plugin : `the plugin is ${state} ${version}`;
  const mayBegin = MAY_BEGIN[operation].includes(state);
  const isMine = plugin.runsOn === undefined || plugin.runsOn === asked.host;
  if (step === 'whole' && answer.kind === 'refused') return refused(plugin, part, mayBegin);
  if (step === 'leave') return plugin.by === id ? left(plugin, part) : 'another operation is under way';
  if (!mayBegin) return `it cannot begin in ${state}`;
  if (!isMine) return 'another host runs the plugin';
  if (step === 'enter') return { ...plugin, state: PASSES[operation] ?? state, by: id, before: state };
  const next = {
    ...plugin,
    state: operation === 'reset' ? ('inactive' as const) : ('quarantined' as const),
    runsOn: undefined,
  };
  return agrees(next, answer) ? next : `it leads to ${next.state} ${next.version}`;
}

function refused(plugin: Plugin, { operation, asked, answer }: Part, mayBegin: boolean): Plugin | string {
  if (answer.kind === 'done') return 'it is no refusal';
  const { code, actual } = answer;
  const { state, highest } = plugin;
  if (code === 'PLUGIN_ELSEWHERE') {
    const isOwn = plugin.runsOn === asked.host;
    return mayBegin && !isOwn && actual === state ? plugin : `the plugin is ${state}${isOwn ? ' here' : ''}`;
  }
  if (code === 'DOWNGRADE_REFUSED')
    return state === 'absent' && highest > asked.version ? plugin : 'no higher one was there';
  if (mayBegin) return `${operation} may begin in ${state}`;
  const said = code === 'PLUGIN_UNKNOWN' ? 'absent' : actual;
  return said === state ? plugin : `the plugin is ${state}`;
}

function left(plugin: Plugin, { operation, asked, answer }: Part): Plugin | string {
  const { before, version, retained, highest } = plugin;
  const rested = { ...plugin, state: before, by: undefined };
  if (answer.kind === 'refused') return failed(rested, operation, asked, answer.code);
  const next = ((): Plugin | string => {
    switch (operation) {
      case 'install':
        return highest > asked.version
          ? 'a higher version was there'
          : { ...rested, state: 'installed', version: asked.version, highest: asked.version };
      case 'activate':
        return { ...rested, state: 'active', runsOn: asked.host };
      case 'deactivate':
        return { ...rested, state: 'inactive', runsOn: undefined };
      case 'update':
        if (highest > asked.version) return 'a higher version was there';
        return asked.version === version ? rested : { ...changed(rested, asked.version), highest: asked.version };
      case 'rollback':
        // Which one was let go last is a matter of time, which may stand still here.
        return retained.includes(answer.version ?? '')
          ? changed(rested, answer.version ?? '')
          : `kept are ${retained.join(', ')}`;
      default:
        return { ...rested, state: 'absent', version: '', retained: [] };
    }
  })();
  if (typeof next === 'string') return next;
  return agrees(next, answer) ? next : `it leads to ${next.state} ${next.version}`;
}

function failed(rested: Plugin, operation: Operation, asked: Asked, code: string): Plugin | string {
  const { state, retained, highest } = rested;
  if (code === 'ROLLBACK_UNAVAILABLE') return retained.length === 0 ? rested : `kept are ${retained.join(', ')}`;
  if (code === 'DOWNGRADE_REFUSED') return highest > asked.version ? rested : 'no higher one was there';
  if (operation === 'activate') return { ...rested, state: 'errored' };
  if (state !== 'active') return 'nothing is started';
  // It was known by then.
  return operation === 'update' ? { ...rested, highest: asked.version } : rested;
}

function changed(plugin: Plugin, version: string): Plugin {
  const retained = [...plugin.retained.filter((one) => one !== version), plugin.version].toSorted();
  return { ...plugin, version, retained };
}

function agrees({ state, version }: Plugin, answer: Answer): boolean {
  if (answer.kind === 'refused' || answer.state !== state) return false;
  return state === 'absent' || answer.version === version;
}
