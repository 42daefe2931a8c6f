// Two hosts on one store: one that stands still while the other one takes over, and both wanting the same at once.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSeededRandom } from '../../../src/ports/index.ts';
import { describeWithPeer } from '../../peers/peers.ts';
import type { PostgresCluster } from '../../peers/postgres/cluster.ts';
import { startPostgres } from '../../peers/postgres/cluster.ts';
import { testScale } from '../../setup/size.ts';
import { childEnv, waitFor } from '../support.ts';
import type { RacingOrder } from './fixtures/racing-host.ts';
import { openStore } from './fixtures/place.ts';
import type { Place } from './fixtures/place.ts';
import { PLUGIN, scenarioOf } from './fixtures/scenarios.ts';
import type { ScenarioName } from './fixtures/scenarios.ts';
import { doomedScene, livingOf, PATIENCE_MS, requireProcesses, stepsOf, textOf, withHeir } from './support.ts';
import type { DoomedScene, Heir } from './support.ts';

const { size, seed, factor } = testScale();
const LIMIT_MS = 60_000 * factor ** 2;
const random = createSeededRandom(seed);
const LEASE_MS = 2_000;
const AT_ONCE = 64;
/** Operations of a host that has the plugin's lease from before their first step. */
const OWNED: readonly ScenarioName[] = ['update while active', 'rollback', 'deactivate', 'quarantine'];

const isGate = size === 'gate';
const NONE = (): undefined => undefined;

describe('two hosts on SQLite', () => {
  twoHosts(NONE);
});

describeWithPeer('postgres', 'two hosts on PostgreSQL', () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  twoHosts(() => cluster);
});

function twoHosts(cluster: () => PostgresCluster | undefined): void {
  let scene: DoomedScene;
  beforeAll(() => {
    scene = doomedScene(cluster());
  });
  afterAll(() => scene.close());

  it(`race 11: have 1 winner and ${AT_ONCE - 1} refusals among ${AT_ONCE} activations, and 1 process`, {
    timeout: LIMIT_MS,
  }, async () => {
    const place = await scene.place('activate for the first time');
    const hosts = await Promise.all(['one', 'other'].map((owner) => race({ place, owner, activations: AT_ONCE / 2 })));

    const outcomes = (await Promise.all(hosts.map((host) => host.go()))).flat();
    const living = livingOf(place);
    const store = await openStore(place);
    onTestFinished(() => store.close());

    expect(outcomes.filter((one) => one === 'won')).toHaveLength(1);
    const refusals = outcomes.filter((one) => one !== 'won');
    expect(refusals.filter((code) => code !== 'INVALID_TRANSITION' && code !== 'PLUGIN_ELSEWHERE')).toEqual([]);
    expect(refusals).toHaveLength(AT_ONCE - 1);
    expect(living).toHaveLength(1);
    expect(await store.get(PLUGIN)).toMatchObject({ state: 'active', rowVersion: 4 });
    const events = (await store.auditEntries(PLUGIN, 0, 100)).map(({ event }) => event);
    expect(events.slice(-2)).toEqual(['plugin.activating', 'plugin.activated']);
  });

  it.each(isGate ? OWNED.slice(0, cluster === NONE ? 2 : 1) : OWNED)(
    'one that stands still past its lease during %s writes nothing when it goes on',
    { timeout: LIMIT_MS },
    async (operation) => {
      const steps = stepsToStop(operation);
      let stood = 0;
      for (const step of steps) stood += await outlive(scene, operation, step);

      expect(stood).toBeGreaterThan(steps.length / 2);
    },
  );
}

// Helpers

function stepsToStop(operation: ScenarioName): readonly number[] {
  const { steps } = scenarioOf(operation);
  return isGate ? [1 + Math.floor(random.next() * steps)] : Array.from({ length: steps }, (_, index) => index + 1);
}

/**
 * The first host stands still at a step; the second takes over; the first goes on. Returns 1, or 0 when there was no such
 * step. One that stands still within a transaction of SQLite has the whole database locked: it is killed, and outlived then.
 */
async function outlive(scene: DoomedScene, operation: ScenarioName, step: number): Promise<0 | 1> {
  const place = await scene.place(operation);
  const order = { place, owner: 'first', formerOwners: [], operation, versions: scene.versions } as const;
  const first = scene.start({ ...order, killAt: step, isStopped: true, leaseTtlMs: LEASE_MS });
  const ended = once(first, 'exit');
  try {
    const isThrough = (): boolean => stepsOf(place).includes('through');
    await waitFor('it stands still', () => isStanding(first.pid) || isThrough(), PATIENCE_MS);
    if (isThrough()) return 0;
    const isGone = isLocked(place) && first.kill('SIGKILL');
    if (isGone) await ended;
    const times = { probationMs: 50, leaseTtlMs: LEASE_MS, reconcileMs: 200 };
    const use = async (heir: Heir): Promise<void> => {
      await takeOver(heir, legalAfter(operation, place));
      if (!isGone) await goOn(place, heir, () => first.kill('SIGCONT'));
      first.kill('SIGKILL');
      await ended;
    };
    // The first may be killed right after it has got the lease on the dependencies.
    await withHeir(place, { owner: 'second', times }, use, { patience: PATIENCE_MS });
    return 1;
  } catch (cause) {
    throw new Error(`${operation}, step ${step}: ${stepsOf(place).slice(-6).join(', ')}`, { cause });
  } finally {
    first.kill('SIGKILL');
    await ended;
    await scene.remove(place);
  }
}

/** What the second may make of it. A commit that was begun may have been made. */
function legalAfter(operation: ScenarioName, place: Place): readonly string[] {
  const { recovered } = scenarioOf(operation);
  const count = (step: string): number => stepsOf(place).filter((one) => one === step).length;
  const [begun, told] = [count('store.commit before'), count('store.commit after')];
  return recovered.slice(told, begun + 1);
}

/** Whether somebody is in the middle of a transaction that writes. */
function isLocked({ root, postgres }: Place): boolean {
  if (postgres !== undefined) return false;
  const database = new DatabaseSync(join(root, 'troupe.db'), { timeout: 100 });
  try {
    database.exec('begin immediate; rollback');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

async function takeOver({ lifecycle, store }: Heir, legal: readonly string[]): Promise<void> {
  await lifecycle.boot();
  await until('the second has taken over', async () => {
    const text = textOf(await store.get(PLUGIN));
    const isServed = lifecycle.plugin(PLUGIN)?.status().state === 'ready' || !text.startsWith('active');
    return isServed && legal.includes(text);
  });
}

async function goOn(place: Place, heir: Heir, goOnWithFirst: () => void): Promise<void> {
  const before = await recordOf(heir);

  goOnWithFirst();
  // What it had begun with its plugin ends after it has told so.
  const isDone = (): boolean => stepsOf(place).includes('through') && underWay(place) === 0;
  await waitFor('the first has given up', isDone, PATIENCE_MS);

  await requireProcesses(place, heir);
  expect(await recordOf(heir)).toEqual(before);
}

/** Calls to the plugin without an answer. */
function underWay(place: Place): number {
  const steps = stepsOf(place).filter((step) => /^(plugin|staged|host)\./.test(step));
  return steps.reduce((sum, step) => sum + (step.endsWith('before') ? 1 : -1), 0);
}

async function recordOf({ store }: Heir): Promise<unknown> {
  const entries = await store.auditEntries(PLUGIN, 0, 1_000);
  return [
    await store.get(PLUGIN),
    await store.versions(PLUGIN),
    entries.map(({ sequence, event }) => [sequence, event]),
  ];
}

async function until(what: string, fact: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isStanding(pid: number | undefined): boolean {
  return / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** A host that waits for the word to begin. */
async function race(order: RacingOrder): Promise<{ readonly go: () => Promise<readonly string[]> }> {
  const program = fileURLToPath(new URL('./fixtures/racing-host.ts', import.meta.url));
  const env = { ...process.env, ...childEnv() };
  const child = spawn(process.execPath, ['--conditions=source', program], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface({ input: child.stdout });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  await once(lines, 'line');
  return {
    async go() {
      const said = once(lines, 'line');
      child.stdin.write('go\n');
      const [line] = (await said) as [string];
      return JSON.parse(line) as string[];
    },
  };
}
