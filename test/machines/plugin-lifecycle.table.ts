// Every situation of the plugin-lifecycle chart that differs from the others in what an event leads to. An event that a
// situation does not name must leave the state as it is.

const held = (state: string) => ['recover', `held: ${state}`] as const;
const reserved = (operation: string, before: string, state: string) =>
  [operation, `held: ${before}`, `reserving: ${state}`] as const;
const activating = reserved('activate', 'inactive', 'activating');
const active = [...activating, 'activating done', 'settling: active'] as const;
const deactivating = [...active, 'deactivate', 'reserving: deactivating'] as const;
const updating = [...active, 'update', 'reserving: updating'] as const;
const draining = [...updating, 'staged', 'verifying done', 'swapping done'] as const;
const probation = [...draining, 'draining done'] as const;

/** A state and what led there. */
export interface Situation {
  readonly state: string;
  readonly after: readonly string[];
  readonly probes?: boolean;
  /** What each event leads to, below `open` unless it is `stopped`. */
  readonly on: Readonly<Record<string, string>>;
}

const owned = (on: Readonly<Record<string, string>>) => ({ 'lease lost': 'killing', 'lease failed': 'killing', ...on });
const operations = [
  'install',
  'activate',
  'activate, again',
  'deactivate',
  'update',
  'rollback',
  'consent',
  'reset',
  'quarantine',
  'uninstall',
  'recover',
  'clean',
] as const;
const to = (names: readonly string[], state: string) => Object.fromEntries(names.map((name) => [name, state]));
const seen: Readonly<Record<string, string>> = {
  'seen: absent': 'resting.absent',
  'seen: active': 'resting.elsewhere',
};
const resting = { ...to(operations, 'acquiring'), stop: 'stopped' };
const unseen = { ...resting, ...seen };
const written: Readonly<Record<string, string>> = {
  absent: 'leaving',
  installed: 'leaving',
  active: 'owning.starting',
  inactive: 'leaving',
  pending_uninstall: 'leaving',
  errored: 'leaving',
  quarantined: 'leaving',
  installing: 'owning.installing',
  activating: 'owning.activating',
  deactivating: 'owning.deactivating',
  updating: 'owning.updating.staging',
  uninstalling: 'owning.uninstalling',
};
const report = (effect: string, states: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(Object.entries(states).map(([state, target]) => [`${effect}: ${state}`, target])),
  [`${effect}: fenced`]: 'killing',
  [`${effect}: conflict`]: 'owning.unwinding',
  [`${effect} failed`]: 'owning.unwinding',
  [`${effect} timeout`]: 'owning.unwinding',
});
/** Whatever becomes of the effect. */
const always = (effect: string, state: string) =>
  to([`${effect} done`, `${effect} failed`, `${effect} timeout`], state);
const disturbed = {
  stop: 'owning.updating.reverting',
  crash: 'owning.updating.reverting',
  end: 'owning.updating.reverting',
};

const served = {
  ...to(['deactivate', 'update', 'rollback', 'consent', 'quarantine', 'recover', 'clean'], 'owning.reserving'),
  stop: 'owning.closing',
  crash: 'owning.counting',
  end: 'owning.settling',
};

/** The table. */
export const TABLE: Readonly<Record<string, Situation>> = {
  'nothing was read': {
    state: 'resting.unread',
    after: [],
    on: { ...resting, 'seen: active': 'resting.elsewhere', 'seen: inactive': 'resting.inactive' },
  },
  installed: {
    state: 'resting.installed',
    after: ['seen: installed'],
    on: { ...resting, 'seen: absent': 'resting.absent', 'seen: active': 'resting.elsewhere' },
  },
  inactive: { state: 'resting.inactive', after: ['seen: inactive'], on: unseen },
  errored: { state: 'resting.errored', after: ['seen: errored'], on: unseen },
  quarantined: { state: 'resting.quarantined', after: ['seen: quarantined'], on: unseen },
  'quarantined, to be tried': {
    state: 'resting.cooling',
    after: ['seen: quarantined'],
    probes: true,
    on: { ...resting, ...seen, 'probe delay': 'acquiring' },
  },
  'to be removed': { state: 'resting.pendingUninstall', after: ['seen: pending_uninstall'], on: unseen },
  elsewhere: {
    state: 'resting.elsewhere',
    after: ['seen: active'],
    on: { ...resting, 'seen: absent': 'resting.absent', 'seen: inactive': 'resting.inactive' },
  },
  'acquiring for a trial': {
    state: 'acquiring',
    after: ['seen: quarantined', 'probe delay'],
    probes: true,
    on: {
      ...Object.fromEntries(Object.keys(written).map((state) => [`held: ${state}`, 'leaving'])),
      'held: quarantined': 'owning.reserving',
      'elsewhere: active': 'leaving',
      'elsewhere: inactive': 'leaving',
      'acquire failed': 'leaving',
      'acquiring timeout': 'leaving',
    },
  },
  acquiring: {
    state: 'acquiring',
    after: ['activate'],
    on: {
      'held: inactive': 'owning.reserving',
      'held: installed': 'owning.reserving',
      'held: absent': 'leaving',
      'held: errored': 'leaving',
      'held: active': 'owning.reserving',
      'held: activating': 'owning.reserving',
      'elsewhere: active': 'leaving',
      'elsewhere: inactive': 'leaving',
      'acquire failed': 'leaving',
      'acquiring timeout': 'leaving',
    },
  },
  'acquiring, to be stopped': {
    state: 'acquiring',
    after: ['activate', 'stop'],
    on: {
      'held: inactive': 'owning.closing',
      'elsewhere: active': 'leaving',
      'elsewhere: inactive': 'leaving',
      'acquire failed': 'leaving',
      'acquiring timeout': 'leaving',
    },
  },
  reserving: {
    state: 'owning.reserving',
    after: held('inactive'),
    on: owned({ ...report('reserving', written), 'reserving: refused': 'leaving' }),
  },
  installing: {
    state: 'owning.installing',
    after: reserved('install', 'absent', 'installing'),
    on: owned({
      'installing done': 'owning.settling',
      'installing failed': 'owning.settling',
      'install timeout': 'owning.settling',
    }),
  },
  'installing, to be stopped': {
    state: 'owning.installing',
    after: [...reserved('install', 'absent', 'installing'), 'stop'],
    on: owned({
      'installing done': 'owning.settling',
      'installing failed': 'owning.closing',
      'install timeout': 'owning.settling',
    }),
  },
  activating: {
    state: 'owning.activating',
    after: activating,
    on: owned(always('activating', 'owning.settling')),
  },
  'activating, to be stopped': {
    state: 'owning.activating',
    after: [...activating, 'stop'],
    on: owned(always('activating', 'owning.settling')),
  },
  starting: {
    state: 'owning.starting',
    after: [...held('active'), 'reserving: active'],
    on: owned({
      'starting done': 'owning.active.serving',
      'starting failed': 'owning.settling',
      'starting timeout': 'owning.settling',
    }),
  },
  'starting, to be stopped': {
    state: 'owning.starting',
    after: [...held('active'), 'reserving: active', 'stop'],
    on: owned(always('starting', 'owning.closing')),
  },
  active: {
    state: 'owning.active.serving',
    after: active,
    on: owned({
      ...served,
    }),
  },
  'being tried': {
    state: 'owning.active.probing',
    after: [
      'seen: quarantined',
      'probe delay',
      'held: quarantined',
      'reserving: activating',
      'activating done',
      'settling: active',
    ],
    probes: true,
    on: owned({
      ...served,
      'probe time': 'owning.active.serving',
    }),
  },
  'looked after while it is being tried': {
    state: 'owning.reserving',
    after: [
      'seen: quarantined',
      'probe delay',
      'held: quarantined',
      'reserving: activating',
      'activating done',
      'settling: active',
      'clean',
    ],
    probes: true,
    on: owned({
      ...report('reserving', {
        ...to(
          Object.keys(written).filter((state) => written[state] === 'leaving'),
          'owning.ending',
        ),
        ...pick(written, ['installing', 'activating', 'deactivating', 'updating', 'uninstalling']),
        active: 'owning.active.probing',
      }),
      'reserving: refused': 'owning.active.probing',
    }),
  },
  'counting a crash': {
    state: 'owning.counting',
    after: [...active, 'crash'],
    on: owned(report('counting', { active: 'owning.active.serving', quarantined: 'owning.ending' })),
  },
  deactivating: {
    state: 'owning.deactivating',
    after: deactivating,
    on: owned(always('deactivating', 'owning.settling')),
  },
  uninstalling: {
    state: 'owning.uninstalling',
    after: reserved('uninstall', 'inactive', 'uninstalling'),
    on: owned({
      'uninstalling done': 'owning.settling',
      'uninstalling failed': 'owning.settling',
      'uninstall timeout': 'owning.settling',
    }),
  },
  'settling without an instance': {
    state: 'owning.settling',
    after: [...deactivating, 'deactivating done'],
    on: owned({
      ...report('settling', {
        ...pick(written, ['absent', 'installed', 'inactive', 'errored', 'quarantined', 'pending_uninstall']),
        active: 'owning.starting',
      }),
      'settling: refused': 'owning.unwinding',
    }),
  },
  'settling with an instance': {
    state: 'owning.settling',
    after: [...activating, 'activating done'],
    on: owned({
      ...report('settling', {
        ...to(['absent', 'installed', 'inactive', 'errored', 'quarantined', 'pending_uninstall'], 'owning.ending'),
        active: 'owning.active.serving',
      }),
      'settling: refused': 'owning.unwinding',
    }),
  },
  'settling a version that took over': {
    state: 'owning.settling',
    after: [...probation, 'probation over'],
    on: owned({
      ...report('settling', {
        ...to(['absent', 'installed', 'inactive', 'errored', 'quarantined', 'pending_uninstall'], 'owning.ending'),
        active: 'owning.keeping',
      }),
      'settling: refused': 'owning.updating.reverting',
    }),
  },
  'keeping, with nothing left that runs': {
    state: 'owning.keeping',
    after: [...probation, 'probation over', 'settling: active', 'end'],
    on: owned({ ...always('keeping', 'owning.settling'), 'keeping failed': 'owning.settling' }),
  },
  keeping: {
    state: 'owning.keeping',
    after: [...probation, 'probation over', 'settling: active'],
    on: owned({ ...always('keeping', 'owning.active.serving'), 'keeping failed': 'owning.unwinding' }),
  },
  staging: {
    state: 'owning.updating.staging',
    after: updating,
    on: owned({
      ...disturbed,
      staged: 'owning.updating.verifying',
      same: 'owning.settling',
      waits: 'owning.settling',
      'staging failed': 'owning.updating.reverting',
      'staging timeout': 'owning.updating.reverting',
    }),
  },
  verifying: {
    state: 'owning.updating.verifying',
    after: [...updating, 'staged'],
    on: owned({
      ...disturbed,
      'verifying done': 'owning.updating.swapping',
      'verifying failed': 'owning.updating.reverting',
      'verifying timeout': 'owning.updating.reverting',
    }),
  },
  'verifying at rest': {
    state: 'owning.updating.verifying',
    after: [...reserved('update', 'inactive', 'updating'), 'staged'],
    on: owned({
      ...disturbed,
      'verifying done': 'owning.settling',
      'verifying failed': 'owning.updating.reverting',
      'verifying timeout': 'owning.updating.reverting',
    }),
  },
  swapping: {
    state: 'owning.updating.swapping',
    after: [...updating, 'staged', 'verifying done'],
    on: owned({
      'swapping done': 'owning.updating.draining',
      'swapping failed': 'owning.updating.reverting',
      'swapping timeout': 'owning.updating.reverting',
      'version failed': 'owning.updating.reverting',
    }),
  },
  draining: {
    state: 'owning.updating.draining',
    after: draining,
    on: owned({
      ...disturbed,
      'version failed': 'owning.updating.reverting',
      'draining done': 'owning.updating.probation',
      'draining failed': 'owning.updating.reverting',
      'drain timeout': 'owning.updating.probation',
    }),
  },
  probation: {
    state: 'owning.updating.probation',
    after: probation,
    on: owned({ ...disturbed, 'version failed': 'owning.updating.reverting', 'probation over': 'owning.settling' }),
  },
  reverting: {
    state: 'owning.updating.reverting',
    after: [...probation, 'version failed'],
    on: owned(always('reverting', 'owning.settling')),
  },
  ending: {
    state: 'owning.ending',
    after: [...active, 'crash', 'counting: quarantined'],
    on: owned(always('ending', 'leaving')),
  },
  unwinding: {
    state: 'owning.unwinding',
    after: [...activating, 'activating done', 'settling: conflict'],
    on: owned(always('unwinding', 'owning.rereading')),
  },
  rereading: {
    state: 'owning.rereading',
    after: [...activating, 'activating done', 'settling: conflict', 'unwinding done'],
    on: owned({
      'reread: active': 'owning.reserving',
      'reread: activating': 'owning.reserving',
      'reread: inactive': 'leaving',
      'rereading failed': 'owning.closing',
      'rereading timeout': 'owning.closing',
    }),
  },
  closing: {
    state: 'owning.closing',
    after: [...active, 'stop'],
    on: owned(always('closing', 'leaving')),
  },
  leaving: {
    state: 'leaving',
    after: ['activate', 'elsewhere: inactive'],
    on: to(['released', 'release failed', 'leaving timeout'], 'resting.inactive'),
  },
  'leaving to stop': {
    state: 'leaving',
    after: ['activate', 'elsewhere: inactive', 'stop'],
    on: to(['released', 'release failed', 'leaving timeout'], 'stopped'),
  },
  killing: {
    state: 'killing',
    after: [...active, 'lease lost'],
    on: { killed: 'resting.unread', 'kill failed': 'resting.unread', 'killing timeout': 'resting.unread' },
  },
  'killing to stop': {
    state: 'killing',
    after: [...active, 'lease lost', 'stop'],
    on: { killed: 'stopped', 'kill failed': 'stopped', 'killing timeout': 'stopped' },
  },
  stopped: { state: 'stopped', after: ['stop'], on: {} },
};

function pick(record: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, record[name] ?? '']));
}
