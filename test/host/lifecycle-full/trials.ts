// A host that is killed with SIGKILL at every step of every operation, and the host that comes after it.
//
// A step is a call of the lifecycle to one of its ports: the store, the artifacts, the data directories, the migrations, a
// plugin. There is one before each call and one after it, and one at each progress of the artifacts.

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PostgresCluster } from '../../peers/postgres/cluster.ts';
import { createSeededRandom } from '../../../src/ports/index.ts';
import { testScale } from '../../setup/size.ts';
import { waitFor } from '../support.ts';
import { openStore } from './fixtures/place.ts';
import type { Place } from './fixtures/place.ts';
import { PLUGIN, scenarioOf, SCENARIOS } from './fixtures/scenarios.ts';
import type { ScenarioName } from './fixtures/scenarios.ts';
import {
  BROKEN_VERSION,
  doomedScene,
  hasData,
  livingOf,
  PATIENCE_MS,
  requireData,
  requireFiles,
  requireProcesses,
  textOf,
  withHeir,
} from './support.ts';
import type { DoomedScene, Heir } from './support.ts';

const { size, seed, factor } = testScale();
const isGate = size === 'gate';
/** Hosts of each operation that are killed at some time, and not at a step. */
const TIMED = isGate ? 0 : Math.ceil(factor / 2);
const NAMES = Object.keys(SCENARIOS) as ScenarioName[];
const random = createSeededRandom(seed);
const LIMIT_MS = 30_000 * factor ** 2;

/**
 * Declares one test for each operation; at gate size the stores share the operations, so that each has every second one.
 * `cluster` is asked when the tests begin; without one it is SQLite.
 */
export function declareTrials(place: 0 | 1, cluster: () => PostgresCluster | undefined): void {
  const names = NAMES.filter((_, index) => !isGate || index % 2 === place);
  let scene: DoomedScene;
  beforeAll(() => {
    scene = doomedScene(cluster());
  });
  afterAll(() => scene.close());

  it.each(names)('leaves what the next host goes on with: %s', { timeout: LIMIT_MS }, async (operation) => {
    const seen: string[] = [];
    for (const kill of isGate ? [someStep(operation)] : everyStep(seen)) {
      const steps = await trial(scene, operation, kill);
      seen.push(steps.at(-1) ?? '');
    }
    for (let count = 0; count < TIMED; count += 1) {
      await trial(scene, operation, { killAfterMs: random.next() * 400 });
    }

    expect(seen).not.toContain('');
    expect(isGate || seen.at(-1) === 'through').toBe(true);
  });
}

// Helpers

interface Kill {
  readonly killAt?: number;
  readonly killAfterMs?: number;
}

function someStep(operation: ScenarioName): Kill {
  return { killAt: 1 + Math.floor(random.next() * scenarioOf(operation).steps) };
}

/** Until the operation gets through. */
function* everyStep(seen: readonly string[]): Generator<Kill> {
  for (let killAt = 1; seen.at(-1) !== 'through'; killAt += 1) yield { killAt };
}

/** One host that is killed, and one that comes after it. Returns the steps of the first. */
async function trial(scene: DoomedScene, operation: ScenarioName, kill: Kill): Promise<readonly string[]> {
  const place = await scene.place(operation);
  const owner = 'doomed';
  const steps = await scene.doom({ place, owner, formerOwners: [], operation, ...kill });
  try {
    await waitFor('no process is left', () => livingOf(place).length === 0, PATIENCE_MS);
    const row = await leftRow(place);
    await withHeir(place, { owner: 'heir', formerOwners: [owner] }, async (heir) => {
      await heir.lifecycle.boot();
      requireLegal(operation, kill, steps, `${row} > ${textOf(await heir.store.get(PLUGIN))}`);
      await requireProcesses(place, heir);
      requireData(place, await heir.store.get(PLUGIN));
      await requireFiles(place, heir.store, unwrittenOf(steps));
      await useIt(scene, place, heir);
      await requireFiles(place, heir.store, unwrittenOf(steps));
    });
  } catch (cause) {
    throw new Error(`${operation}, ${JSON.stringify(kill)}: ${steps.slice(-6).join(', ')}`, { cause });
  } finally {
    await scene.remove(place);
  }
  return steps;
}

/** What is left, and what the next host makes of it, follow from how many commits were made. */
function requireLegal(operation: ScenarioName, kill: Kill, steps: readonly string[], found: string): void {
  const { left, recovered } = scenarioOf(operation);
  const commits = commitsOf(steps);
  // Whoever is killed by the clock may be killed between a commit and its answer.
  const numbers = kill.killAfterMs === undefined ? [commits] : [commits, commits + 1];
  expect(numbers.map((number) => `${left[number]} > ${recovered[number]}`)).toContain(found);
}

function commitsOf(steps: readonly string[]): number {
  return steps.filter((step) => step === 'store.commit after').length;
}

/** 1 when files were fetched, and no commit came after it. */
function unwrittenOf(steps: readonly string[]): number {
  const fetched = steps.findIndex((step) => step.startsWith('artifacts.stage'));
  return fetched >= 0 && commitsOf(steps.slice(fetched)) === 0 ? 1 : 0;
}

async function leftRow(place: Place): Promise<string> {
  const store = await openStore(place);
  const row = await store.get(PLUGIN);
  await store.close();
  return textOf(row);
}

/** Whatever state it is in, it can be used, updated and removed. */
async function useIt(scene: DoomedScene, place: Place, heir: Heir): Promise<void> {
  const { lifecycle, store } = heir;
  const { state, version, awaitingConsent } = (await store.get(PLUGIN)) ?? {};
  // A version that never starts needs another one first.
  const starts = state !== 'errored' && version !== BROKEN_VERSION;
  if (state === undefined) await lifecycle.install(scene.source('3.0.0'), { consent: 'all' });
  if (state === 'errored' || state === 'quarantined') await lifecycle.reset(PLUGIN);
  if (awaitingConsent?.length !== 0 && state === 'installed') await lifecycle.consent(PLUGIN, awaitingConsent ?? []);
  if (state !== 'active' && starts) await lifecycle.activate(PLUGIN);
  if (state !== undefined) await lifecycle.update(PLUGIN, scene.source('3.0.0'), { consent: 'all' });
  if (!starts) await lifecycle.activate(PLUGIN);
  await requireProcesses(place, heir);
  requireData(place, await store.get(PLUGIN));
  await lifecycle.deactivate(PLUGIN);
  await lifecycle.uninstall(PLUGIN, { removeData: true });
  await requireProcesses(place, heir);
  expect([await store.get(PLUGIN), hasData(place)]).toEqual([undefined, false]);
}
