import type { EventObject } from 'xstate';
import { RuntimeError } from '../../src/errors/index.ts';
import type { LifecyclePolicy, LifecycleRequest, PluginLifecycleInput, PluginState } from '../../src/machines/index.ts';
import type { LifecycleState, PluginRow } from '../../src/ports/lifecycle-store.ts';

const done = (state: string, output?: unknown): EventObject =>
  ({ type: `xstate.done.actor.0.plugin-lifecycle.open.${state}`, output }) as EventObject;
const error = (state: string, reason: unknown = new RuntimeError('UNAVAILABLE', `${state} went wrong`)): EventObject =>
  ({ type: `xstate.error.actor.0.plugin-lifecycle.open.${state}`, error: reason }) as EventObject;
const after = (delay: string, state: string): EventObject => ({
  type: `xstate.after.${delay}.plugin-lifecycle.open.${state}`,
});

/** A row of the plugin `kv` in a state. */
export function rowIn(state: LifecycleState, change: Partial<PluginRow> = {}): PluginRow {
  return {
    slug: 'kv',
    incarnation: 'i1',
    version: '1.0.0',
    abiVersion: 1,
    manifest: '{}',
    digest: 'a'.repeat(64),
    state,
    permissions: [],
    awaitingConsent: [],
    trips: [],
    failure: undefined,
    errorAt: undefined,
    installedAt: 1,
    activatedAt: undefined,
    rowVersion: 1,
    updatedAt: 1,
    ...change,
  };
}

/** A row in the middle of an operation that began elsewhere. */
export function rowAmid(state: LifecycleState, from: PluginRow['state']): PluginRow {
  const failure = { code: 'OPERATION_INTERRUPTED', message: 'a host ended', phase: state, from };
  return rowIn(state, { failure: failure as PluginRow['failure'] });
}

const ROWS: Readonly<Record<PluginState, PluginRow | undefined>> = {
  absent: undefined,
  installed: rowIn('installed'),
  active: rowIn('active', { rowVersion: 5 }),
  inactive: rowIn('inactive'),
  pending_uninstall: rowIn('pending_uninstall'),
  errored: rowIn('errored', {
    failure: { code: 'PROBE_FAILED', message: 'no answer', phase: 'activating', from: 'inactive' },
  }),
  quarantined: rowIn('quarantined', {
    failure: { code: 'PLUGIN_CRASHED', message: 'crashed', phase: 'active', from: 'active' },
  }),
  installing: rowIn('installing'),
  activating: rowAmid('activating', 'inactive'),
  deactivating: rowAmid('deactivating', 'active'),
  updating: rowAmid('updating', 'active'),
  uninstalling: rowAmid('uninstalling', 'inactive'),
};
const STATES = Object.keys(ROWS) as readonly PluginState[];
const written = (state: PluginState) => ({ kind: 'written', row: ROWS[state] });
const request = (operation: LifecycleRequest['operation'], id = 1): EventObject =>
  ({ type: 'operation.request', request: { id, operation } }) as EventObject;
const reports = (effect: string, states: readonly PluginState[]): Record<string, EventObject> =>
  Object.fromEntries(states.map((state) => [`${effect}: ${state}`, done(`owning.${effect}`, written(state))]));

const WRITERS = ['reserving', 'settling', 'counting'] as const;
const WORKERS = ['activating', 'starting', 'deactivating', 'installing', 'keeping', 'ending', 'closing'] as const;
const UPDATERS = ['verifying', 'swapping', 'draining', 'reverting'] as const;

/** What users of the chart send. */
export const COMMANDS: Readonly<Record<string, EventObject>> = {
  install: request('install'),
  activate: request('activate'),
  'activate, again': request('activate', 2),
  deactivate: request('deactivate'),
  update: request('update'),
  rollback: request('rollback'),
  consent: request('consent'),
  reset: request('reset'),
  quarantine: request('quarantine'),
  uninstall: request('uninstall'),
  recover: request('recover'),
  clean: request('clean'),
  stop: { type: 'lifecycle.stop' },
};

/** What the outside world does: effects that settle, processes that end, timers that fire. */
export const OUTSIDE: Readonly<Record<string, EventObject>> = {
  ...Object.fromEntries(
    STATES.map((state) => [`held: ${state}`, done('acquiring', { kind: 'held', row: ROWS[state], elapsedMs: 3 })]),
  ),
  'elsewhere: active': done('acquiring', { kind: 'elsewhere', row: ROWS.active }),
  'elsewhere: inactive': done('acquiring', { kind: 'elsewhere', row: ROWS.inactive }),
  'acquire failed': error('acquiring'),
  'lease lost': done('owning'),
  'lease failed': error('owning'),
  released: done('leaving'),
  'release failed': error('leaving'),
  killed: done('killing'),
  'kill failed': error('killing'),
  ...reports('reserving', STATES),
  ...reports('settling', ['absent', 'installed', 'active', 'inactive', 'errored', 'quarantined', 'pending_uninstall']),
  ...reports('counting', ['active', 'quarantined']),
  ...Object.fromEntries(
    WRITERS.flatMap((effect) => [
      [`${effect}: fenced`, done(`owning.${effect}`, { kind: 'fenced' })],
      [`${effect}: conflict`, done(`owning.${effect}`, { kind: 'conflict' })],
      [`${effect} failed`, error(`owning.${effect}`)],
    ]),
  ),
  'reserving: refused': done('owning.reserving', {
    kind: 'refused',
    error: new RuntimeError('CONSENT_REQUIRED', 'no'),
  }),
  'settling: refused': done('owning.settling', { kind: 'refused', error: new RuntimeError('DEPENDENTS_ACTIVE', 'no') }),
  ...Object.fromEntries(
    WORKERS.flatMap((effect) => [
      [`${effect} done`, done(`owning.${effect}`)],
      [`${effect} failed`, error(`owning.${effect}`)],
    ]),
  ),
  'uninstalling done': done('owning.uninstalling', { left: ['/data/kv'] }),
  'uninstalling failed': error('owning.uninstalling'),
  'unwinding done': done('owning.unwinding'),
  'unwinding failed': error('owning.unwinding'),
  'reread: active': done('owning.rereading', written('active')),
  'reread: activating': done('owning.rereading', written('activating')),
  'reread: inactive': done('owning.rereading', written('inactive')),
  'rereading failed': error('owning.rereading'),
  staged: done('owning.updating.staging', { kind: 'staged' }),
  same: done('owning.updating.staging', { kind: 'same' }),
  waits: done('owning.updating.staging', { kind: 'waits' }),
  'staging failed': error('owning.updating.staging'),
  ...Object.fromEntries(
    UPDATERS.flatMap((effect) => [
      [`${effect} done`, done(`owning.updating.${effect}`)],
      [`${effect} failed`, error(`owning.updating.${effect}`)],
    ]),
  ),
  'probe delay': after('probeDelay', 'resting.cooling'),
  'probe time': after('probeTime', 'owning.active.probing'),
  'install timeout': after('workTimeout', 'owning.installing'),
  'uninstall timeout': after('workTimeout', 'owning.uninstalling'),
  'staging timeout': after('workTimeout', 'owning.updating.staging'),
  ...Object.fromEntries([
    ...['acquiring', ...WRITERS.map((effect) => `owning.${effect}`), 'owning.rereading', 'leaving'].map((state) => [
      `${state.replace('owning.', '')} timeout`,
      after('workTimeout', state),
    ]),
    ...[...WORKERS.filter((effect) => effect !== 'installing'), 'unwinding'].map((effect) => [
      `${effect} timeout`,
      after('instanceTimeout', `owning.${effect}`),
    ]),
    ...UPDATERS.filter((effect) => effect !== 'draining').map((effect) => [
      `${effect} timeout`,
      after('instanceTimeout', `owning.updating.${effect}`),
    ]),
    ['killing timeout', after('instanceTimeout', 'killing')],
  ]),
  'drain timeout': after('drainTimeout', 'owning.updating.draining'),
  'probation over': after('probation', 'owning.updating.probation'),
};

/** What the host tells. */
export const HOST: Readonly<Record<string, EventObject>> = {
  ...Object.fromEntries(
    STATES.map((state) => [`seen: ${state}`, { type: 'row.seen', row: ROWS[state] } as EventObject]),
  ),
  crash: {
    type: 'process.crashed',
    crash: { id: 7, code: 'PLUGIN_CRASHED', message: 'exited with code 3', isFatal: false },
  } as EventObject,
  end: { type: 'process.ended', failure: { code: 'PLUGIN_CRASHED', message: 'ended for good' } } as EventObject,
  'version failed': {
    type: 'version.failed',
    failure: { code: 'PLUGIN_CRASHED', message: 'the new one crashed' },
  } as EventObject,
};

/** The whole alphabet of the chart, an event that it does not know included. */
export const EVENTS: Readonly<Record<string, EventObject>> = {
  ...COMMANDS,
  ...HOST,
  ...OUTSIDE,
  noise: { type: 'noise' },
};

/** All short names. */
export const EVENT_NAMES: readonly string[] = Object.keys(EVENTS);

/** The input of a chart for the plugin `kv`. */
export function lifecycleInput(policy: Partial<LifecyclePolicy> = {}): PluginLifecycleInput {
  return {
    plugin: 'kv',
    policy: {
      workTimeoutMs: 120_000,
      drainMs: 30_000,
      probationMs: 10_000,
      probeAfterMs: undefined,
      probeMs: 60_000,
      lease: { ttlMs: 15_000, renewMs: 5_000, retryMs: 1_000, marginMs: 3_000 },
      breaker: { limit: 5, windowMs: 600_000 },
      ...policy,
    },
  };
}

/** The events of the names. Throws for a name that there is not. */
export function eventsOf(names: readonly string[]): readonly EventObject[] {
  return names.map((name) => {
    const event = EVENTS[name];
    if (event === undefined) throw new Error(`there is no event "${name}"`);
    return event;
  });
}
