// What may follow what in the life of a plugin. Pure: the chart, its errors and the documentation all read it from here.

import { InvalidTransitionError, RuntimeError } from '../errors/index.ts';
import { LASTING_STATES, PASSING_STATES } from '../ports/lifecycle-store.ts';
import type { LastingState, PassingState, PluginRow } from '../ports/lifecycle-store.ts';
import type {
  LifecycleOperation,
  LifecycleRequest,
  PluginLifecycleContext,
  PluginState,
  UpkeepOperation,
} from './plugin-lifecycle.types.ts';

/** From which states an operation may begin. */
export const EXPECTED_STATES: Readonly<Record<LifecycleOperation, readonly PluginState[]>> = {
  install: ['absent'],
  activate: ['installed', 'inactive'],
  deactivate: ['active'],
  update: ['installed', 'active', 'inactive'],
  rollback: ['installed', 'active', 'inactive'],
  consent: ['installed', 'active', 'inactive'],
  reset: ['errored', 'quarantined'],
  quarantine: ['installed', 'active', 'inactive', 'errored'],
  uninstall: ['installed', 'inactive', 'errored', 'quarantined', 'pending_uninstall'],
};

/** The state that an operation passes through; those that are one commit have none. */
export const PASSING_STATE_OF: Readonly<Partial<Record<LifecycleOperation | UpkeepOperation, PassingState>>> = {
  install: 'installing',
  activate: 'activating',
  deactivate: 'deactivating',
  update: 'updating',
  rollback: 'updating',
  uninstall: 'uninstalling',
};

const ANY_STATE: readonly PluginState[] = ['absent', ...LASTING_STATES, ...PASSING_STATES];
const EXPECTED_BY_UPKEEP: Readonly<Record<UpkeepOperation, readonly PluginState[]>> = {
  recover: ANY_STATE,
  probe: ['quarantined'],
  clean: ['absent', ...LASTING_STATES],
};

/** State of a plugin by its row. */
export function stateOfRow(row: PluginRow | undefined): PluginState {
  return row?.state ?? 'absent';
}

/** Whether a state is one in which an operation is under way. */
export function isPassing(state: PluginState): state is PassingState {
  return (PASSING_STATES as readonly PluginState[]).includes(state);
}

/** Whether the operation may begin in the state. */
export function isAllowed({ operation }: LifecycleRequest, state: PluginState): boolean {
  return expectedBy(operation).includes(state);
}

/** Whether the host asked for this by itself: then it gives way to what somebody wants. */
export function isUpkeep(request: LifecycleRequest | undefined): boolean {
  return request !== undefined && request.operation in EXPECTED_BY_UPKEEP;
}

/**
 * The lasting state before the operation that the row is in the middle of: each first commit says so by writing down the
 * failure that holds if no second one follows.
 */
export function originOf(row: PluginRow): LastingState {
  if (!isPassing(row.state)) return row.state;
  return row.failure?.from ?? 'installed';
}

/** Where `reset` leads: a plugin that was never installed properly is not made so by forgetting about it. */
export function resetTarget({ failure }: PluginRow): 'installing' | 'inactive' {
  return failure?.phase === 'installing' ? 'installing' : 'inactive';
}

/** Whether nobody has finished, or runs, what the row says; to be asked by whoever holds the lease. */
export function isAbandoned(row: PluginRow | undefined, isRunning: boolean): boolean {
  if (row === undefined) return false;
  return isPassing(row.state) || (row.state === 'active' && !isRunning);
}

/** Why a request is refused that comes while another one is under way. */
export function busyError({ plugin, row, request }: PluginLifecycleContext, refused: LifecycleRequest): RuntimeError {
  const underWay = request?.operation;
  const actual = (underWay === undefined ? undefined : PASSING_STATE_OF[underWay]) ?? stateOfRow(row);
  return transitionError(plugin, refused, actual, { underWay });
}

/** Why a request is refused in the state in which the plugin rests. */
export function stateError(plugin: string, request: LifecycleRequest, state: PluginState): RuntimeError {
  if (request.operation === 'install' && !isPassing(state)) {
    return new RuntimeError('NAME_TAKEN', `plugin "${plugin}" is there already, and ${state}`, {
      details: { plugin, state },
    });
  }
  if (state === 'absent') return new RuntimeError('PLUGIN_UNKNOWN', `there is no plugin "${plugin}"`);
  return transitionError(plugin, request, state, {});
}

/** Why a request is refused while another host has the lease. */
export function elsewhereError(plugin: string, request: LifecycleRequest, row: PluginRow | undefined): RuntimeError {
  const state = stateOfRow(row);
  if (!isAllowed(request, state)) return stateError(plugin, request, state);
  const text = `another host runs plugin "${plugin}", or is working on it`;
  return new RuntimeError('PLUGIN_ELSEWHERE', text, { details: { plugin, state } });
}

function expectedBy(operation: LifecycleOperation | UpkeepOperation): readonly PluginState[] {
  return { ...EXPECTED_STATES, ...EXPECTED_BY_UPKEEP }[operation];
}

function transitionError(
  plugin: string,
  { operation }: LifecycleRequest,
  actual: PluginState,
  details: Readonly<Record<string, unknown>>,
): RuntimeError {
  return new InvalidTransitionError({ plugin, operation, actual, expected: expectedBy(operation) }, { details });
}
