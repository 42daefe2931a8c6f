import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { isRuntimeError, RuntimeError } from '../../src/errors/index.ts';
import type { MigrationContext, PluginSource } from '../../src/host/lifecycle/index.ts';
import type { VersionRole, VersionRow } from '../../src/ports/lifecycle-store.ts';
import { bundle, createFakeArtifacts } from '../../test/host/lifecycle/fakes.ts';
import { createRig, createWorld, until } from '../../test/host/lifecycle/rig.ts';
import type { Rig, World } from '../../test/host/lifecycle/rig.ts';
import { testScale } from '../../test/setup/size.ts';

const VERSIONS = ['1.0.0', '2.0.0', '3.0.0', '4.0.0'];
/** The one that asks for something sensitive. */
const SECRET = '3.0.0';
const PERMISSION = 'net:example.org';
const KEPT = 2;
const RETAIN_MS = 60_000;
const TIMES = { probationMs: 200, cleanMs: 5_000 };
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs < 100) return;
  const hows = ['noFiles', 'noStart', 'noVerify', 'noMigration', 'halfMigration', 'probation', 'crash', 'death'];
  const refusals = ['ROLLBACK_UNAVAILABLE', 'CONSENT_UNKNOWN', 'INVALID_TRANSITION'];
  const wanted = ['changed', 'same', 'waits', 'consented', 'expired', ...hows, ...refusals];
  expect([...seen]).toEqual(expect.arrayContaining(wanted));
});

/** How a change of the version goes. */
type How =
  | 'well'
  | 'noFiles'
  | 'noStart'
  | 'noVerify'
  | 'noMigration'
  | 'halfMigration'
  | 'probation'
  | 'crash'
  | 'death';

type Action =
  | { readonly kind: 'update'; readonly version: string; readonly how: How; readonly consents: boolean }
  | { readonly kind: 'rollback'; readonly version: string | undefined; readonly how: How }
  | { readonly kind: 'consent'; readonly how: How }
  | { readonly kind: 'activate'; readonly how: 'well' | 'noStart' }
  | { readonly kind: 'deactivate' | 'reset' | 'restart' | 'kill' }
  | { readonly kind: 'pass'; readonly ms: number };

const CHANGES_IN = ['installed', 'active', 'inactive'] as const;
const ANY = [...CHANGES_IN, 'errored'] as const;
const MAY_BEGIN: Readonly<Record<Action['kind'], readonly Model['state'][]>> = {
  update: CHANGES_IN,
  rollback: CHANGES_IN,
  consent: CHANGES_IN,
  activate: ['installed', 'inactive'],
  deactivate: ['active'],
  reset: ['errored'],
  restart: ANY,
  kill: ANY,
  pass: ANY,
};

/** A version that can be gone back to. */
interface Kept {
  readonly version: string;
  readonly until: number;
  /** When it was let go: a change that fails makes it no later. */
  readonly letGoAt: number;
}

/** What should be so. */
interface Model {
  state: 'installed' | 'active' | 'inactive' | 'errored';
  version: string;
  /** The one that was let go last comes first. */
  kept: readonly Kept[];
  waits: string | undefined;
}

/** What there is: a store with one host after the other. */
interface Real {
  readonly world: World;
  readonly data: Data;
  rig: Rig;
  hosts: number;
}

describe('updates, rollbacks and the way forward', () => {
  test.prop([fc.array(action(), { minLength: 1, maxLength: 12, size: 'max' })])(
    'P12: leave one version that serves, with its files, its permissions and its data',
    async (actions) => {
      const digests = await digestsOf();
      const world = createWorld();
      const data = createData(digests);
      const real: Real = { world, data, hosts: 1, rig: createRig({ world, ...optionsOf(data, 1) }) };
      await real.rig.lifecycle.boot();
      await real.rig.install({ version: '1.0.0' }, true);
      const model: Model = { state: 'active', version: '1.0.0', kept: [], waits: undefined };
      for (const one of actions) {
        const answer = await perform(real, one);
        expect([one, answer]).toEqual([one, predict(model, one, world.environment.clock.now())]);
        // Moments tell which version was let go last.
        await real.rig.pass(1);
        await agree(real, model, digests);
      }
      await real.rig.pass(11_000);
      await agree(real, model, digests);
      expect(model.kept.length).toBeLessThanOrEqual(KEPT);
      await stop(real);
    },
  );
});

// Helpers

/** Does it, and says how it went: `done`, or the code of the refusal. */
async function perform(real: Real, one: Action): Promise<string> {
  const { rig } = real;
  const { environment } = real.world;
  const { lifecycle } = rig;
  switch (one.kind) {
    case 'update': {
      const options = { consent: one.consents ? [PERMISSION] : [], allowDowngrade: true };
      return change(real, one.how, () => lifecycle.update('kv', filesOf(one.version), options));
    }
    case 'rollback':
      return change(real, one.how, () =>
        lifecycle.rollback('kv', one.version === undefined ? {} : { version: one.version }),
      );
    case 'consent':
      return change(real, one.how, () => lifecycle.consent('kv', [PERMISSION]));
    case 'activate':
      return change(real, one.how, () => lifecycle.activate('kv'));
    case 'deactivate':
      return until(environment, told(lifecycle.deactivate('kv')));
    case 'reset':
      return until(environment, told(lifecycle.reset('kv')));
    case 'pass':
      await rig.pass(one.ms);
      return 'done';
    default:
      await (one.kind === 'kill' ? rig.die() : until(environment, lifecycle.stop()));
      await restart(real);
      return 'done';
  }
}

function told(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (isRuntimeError(error) ? error.code : String(error)),
  );
}

/** Lets a change of the version go as it shall. */
async function change(real: Real, how: How, work: () => Promise<unknown>): Promise<string> {
  const { rig, data, world } = real;
  const { script } = rig.plugins;
  const error = new RuntimeError('PROBE_FAILED', 'no answer');
  if (how === 'noFiles') world.artifacts.fail('stage', error);
  if (how === 'noStart') script.launchError = error;
  if (how === 'noVerify') script.verifyError = error;
  if (how === 'noMigration' || how === 'halfMigration')
    data.failNext(how === 'halfMigration' ? 'after' : 'before', error);
  const answer = told(work());
  if (how === 'probation' || how === 'crash' || how === 'death') {
    await rig.pass(100);
    if (how === 'probation') rig.plugins.failNext('kv');
    if (how === 'crash' && rig.plugins.live('kv').length === 2) void rig.crash();
    if (how === 'death') {
      await rig.die();
      await restart(real);
    }
  }
  const text = await until(world.environment, answer);
  world.artifacts.fail('stage', undefined);
  script.launchError = undefined;
  script.verifyError = undefined;
  data.failNext(undefined, error);
  return text;
}

async function restart(real: Real): Promise<void> {
  const { world, data } = real;
  const formerOwners = [`host-${real.hosts}`];
  real.hosts += 1;
  real.rig = createRig({ world, formerOwners, ...optionsOf(data, real.hosts) });
  await until(world.environment, real.rig.lifecycle.boot());
}

async function stop({ rig, world }: Real): Promise<void> {
  await until(world.environment, rig.lifecycle.stop());
}

/** What should come of it, and what it should be answered. */
function predict(model: Model, one: Action, now: number): string {
  if (!MAY_BEGIN[one.kind].includes(model.state)) {
    seen.add('INVALID_TRANSITION');
    return 'INVALID_TRANSITION';
  }
  switch (one.kind) {
    case 'update':
      return predictUpdate(model, one, now);
    case 'rollback':
      return predictRollback(model, one, now);
    case 'consent':
      return predictConsent(model, one.how, now);
    case 'activate':
      model.state = one.how === 'noStart' ? 'errored' : 'active';
      return one.how === 'noStart' ? 'PROBE_FAILED' : 'done';
    case 'deactivate':
    case 'reset':
      model.state = 'inactive';
      return 'done';
    default:
      return 'done';
  }
}

function predictUpdate(
  model: Model,
  { version, how, consents }: Extract<Action, { kind: 'update' }>,
  now: number,
): string {
  if (how === 'noFiles') {
    seen.add(how);
    return 'PROBE_FAILED';
  }
  if (version === model.version) {
    seen.add('same');
    return 'done';
  }
  // What is kept was consented to when it was new.
  const isGranted = consents || model.kept.some((one) => one.version === version);
  if (version === SECRET && !isGranted) {
    seen.add('waits');
    model.waits = version;
    return 'done';
  }
  return predictChange(model, version, how, now);
}

function predictRollback(model: Model, { version, how }: Extract<Action, { kind: 'rollback' }>, now: number): string {
  const isFitting = (one: Kept): boolean => one.until > now && (version === undefined || one.version === version);
  const target = model.kept.find(isFitting);
  if (target !== undefined) return predictChange(model, target.version, how, now);
  seen.add('ROLLBACK_UNAVAILABLE');
  if (model.kept.length > 0 && version === undefined) seen.add('expired');
  return 'ROLLBACK_UNAVAILABLE';
}

function predictConsent(model: Model, how: How, now: number): string {
  if (model.waits === undefined) {
    seen.add('CONSENT_UNKNOWN');
    return 'CONSENT_UNKNOWN';
  }
  seen.add('consented');
  return predictChange(model, model.waits, how, now);
}

/** A version that may take over. What disturbs it matters only where it does something. */
function predictChange(model: Model, version: string, how: How, now: number): string {
  // One that waited gives way to what is wanted now.
  model.waits = undefined;
  const isMigrated = how !== 'noMigration' && how !== 'halfMigration';
  if (isMigrated && (model.state !== 'active' || how === 'well' || how === 'noFiles')) {
    seen.add('changed');
    const rest = model.kept.filter((one) => one.version !== version);
    model.kept = [{ version: model.version, until: now + RETAIN_MS, letGoAt: now }, ...rest];
    model.version = version;
    return 'done';
  }
  seen.add(how);
  // One that was kept still is, and its time begins anew.
  model.kept = model.kept.map((one) => (one.version === version ? { ...one, until: now + RETAIN_MS } : one));
  if (how === 'death') return 'HOST_STOPPED';
  return how === 'probation' || how === 'crash' ? 'PROBATION_FAILED' : 'PROBE_FAILED';
}

/** Whether the row, its versions, its files, its data and what runs are what they should be. */
async function agree({ rig, world, data }: Real, model: Model, digests: ReadonlyMap<string, string>): Promise<void> {
  const { store, artifacts } = world;
  const row = await store.get('kv');
  const versions = await store.versions('kv');
  const named = (role: VersionRole): string[] =>
    versions.filter((one) => one.role === role).map(({ version }) => version);
  const running = rig.plugins.live('kv').map(({ cwd }) => cwd);
  const digest = digests.get(model.version);

  expect(row).toMatchObject({ state: model.state, version: model.version, digest });
  expect(row?.permissions).toEqual(model.version === SECRET ? [PERMISSION] : []);
  expect(row?.awaitingConsent).toEqual(model.waits === undefined ? [] : [PERMISSION]);
  expect([named('active'), named('staged')]).toEqual([[model.version], model.waits === undefined ? [] : [model.waits]]);
  expect(running).toEqual(model.state === 'active' ? [`/files/${digest}`] : []);
  expect([data.version, data.problems]).toEqual([model.version, []]);
  expect(artifacts.digests).toEqual(expect.arrayContaining(versions.filter(isNeeded).map((one) => one.digest)));
  const now = world.environment.clock.now();
  const retained = named('retained');
  // Those whose time is over, and those that are too many, go some time later.
  const safe = model.kept.filter((one) => one.until > now).slice(0, KEPT);
  expect(retained).toEqual(expect.arrayContaining(safe.map(({ version }) => version)));
  expect(model.kept.map(({ version }) => version)).toEqual(expect.arrayContaining(retained));
  model.kept = model.kept.filter(({ version }) => retained.includes(version));
}

function isNeeded({ role }: VersionRow): boolean {
  return role !== 'retired';
}

function filesOf(version: string): PluginSource {
  return bundle(version === SECRET ? { version, permissions: { net: ['example.org'] } } : { version });
}

async function digestsOf(): Promise<ReadonlyMap<string, string>> {
  const artifacts = createFakeArtifacts();
  const pairs = VERSIONS.map(async (version) => [version, (await artifacts.stage(filesOf(version))).digest] as const);
  return new Map(await Promise.all(pairs));
}

function optionsOf({ migrator }: Data, host: number): Parameters<typeof createRig>[0] & object {
  return { migrator, owner: `host-${host}`, times: TIMES, retention: { versions: KEPT, retainMs: RETAIN_MS } };
}

/** The data of the plugin, as its migrations leave it. */
interface Data {
  readonly version: string | undefined;
  /** Migrations in the wrong direction, from what was not there, or by files that do not know the way. */
  readonly problems: readonly string[];
  readonly migrator: Record<'up' | 'down', (context: MigrationContext) => Promise<void>>;
  /** Lets the next migration fail, before or after it did something. */
  failNext(moment: 'before' | 'after' | undefined, error: RuntimeError): void;
}

function createData(digests: ReadonlyMap<string, string>): Data {
  const problems: string[] = [];
  let current: string | undefined;
  let failing: { readonly moment: 'before' | 'after'; readonly error: RuntimeError } | undefined;
  const migrate = async (way: 'up' | 'down', { from, to, directory }: MigrationContext): Promise<void> => {
    const what = `${way} from ${from} to ${to}`;
    const isUp = (from ?? '') < (to ?? '');
    if (isUp !== (way === 'up')) problems.push(`${what} is the other way`);
    // A migration may be repeated, and be taken back when it had not begun.
    if (current !== from && current !== to) problems.push(`${what}, and ${current} was there`);
    if (directory !== `/files/${digests.get((isUp ? to : from) ?? '')}`) problems.push(`${what} by other files`);
    const fault = failing;
    failing = undefined;
    if (fault?.moment === 'before') throw fault.error;
    current = to;
    if (fault?.moment === 'after') throw fault.error;
  };
  return {
    get version() {
      return current;
    },
    problems,
    migrator: { up: (context) => migrate('up', context), down: (context) => migrate('down', context) },
    failNext: (moment, error) => void (failing = moment === undefined ? undefined : { moment, error }),
  };
}

function action(): fc.Arbitrary<Action> {
  const kind = <K extends string>(...kinds: readonly K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds);
  const how = fc.oneof(
    { weight: 3, arbitrary: fc.constant<How>('well') },
    fc.constantFrom<How[]>(
      'noFiles',
      'noStart',
      'noVerify',
      'noMigration',
      'halfMigration',
      'probation',
      'crash',
      'death',
    ),
  );
  const version = fc.constantFrom(...VERSIONS);
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: kind('update' as const), version, how, consents: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: kind('rollback' as const), version: fc.option(version, { nil: undefined }), how }),
    },
    fc.record({ kind: kind('consent' as const), how }),
    fc.record({
      kind: kind('activate' as const),
      how: fc.constantFrom('well' as const, 'well' as const, 'noStart' as const),
    }),
    fc.record({ kind: kind('deactivate' as const, 'reset' as const, 'restart' as const, 'kill' as const) }),
    fc.record({ kind: kind('pass' as const), ms: fc.constantFrom(1_000, 7_000, RETAIN_MS) }),
  );
}
