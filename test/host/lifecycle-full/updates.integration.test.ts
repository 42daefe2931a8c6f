// Updates through the lifecycle under load, recounted from what the processes wrote down.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RuntimeError } from '../../../src/errors/index.ts';
import type { Lifecycle, PluginSource } from '../../../src/host/lifecycle/index.ts';
import { testScale } from '../../setup/size.ts';
import { firstOnes, imbalance, viewOf } from '../events/support.ts';
import type { WorkerFate } from '../replace/fixtures/worker-plugin.ts';
import { callAll, callsOf, publishAll } from '../replace/support.ts';
import type { JournalLine } from '../replace/support.ts';
import { waitFor } from '../support.ts';
import { dataRootOf } from './fixtures/place.ts';
import type { Place } from './fixtures/place.ts';
import { PLUGIN } from './fixtures/scenarios.ts';
import { ownPlace, journalOf, livingOf, requireData, requireFiles, withHeir, writeVersion } from './support.ts';
import type { Heir } from './support.ts';

const { factor } = testScale();
const UPDATES = factor === 1 ? 6 : 10 * factor;
const AT_ONCE = 64;
const PER_SECOND = 1_000;
const KEPT = 3;
const LIMIT_MS = 120_000 * factor;

/** What is tried one after the other, and whether it works. */
const ROUNDS = ['update', 'sickens', 'rollback', 'exits', 'rollback', 'sick'] as const;
type Round = (typeof ROUNDS)[number];
const WORKS: readonly Round[] = ['update', 'rollback'];

describe(`G-12, P12: ${UPDATES} updates and rollbacks with ${AT_ONCE} calls in flight and ${PER_SECOND} events a second`, () => {
  it('execute each call once, fail none, lose no event and keep the data, also those that fail', {
    timeout: LIMIT_MS,
  }, async () => {
    const place = ownPlace();
    await withHeir(place, OPTIONS(place), async (heir) => {
      const load = await updateUnderLoad(place, heir);
      await requireVersions(place, heir);
      await requireAudit(heir);
      // Long journals are read when nobody has a lease to keep.
      await heir.stop();

      expect(outcomeOf(place, load)).toEqual(GOOD);
    });
    expect(livingOf(place)).toEqual([]);
  });
});

// Helpers

/** What all of it came to: how many of each is wrong. */
interface Outcome {
  readonly failed: readonly unknown[];
  readonly wrongRounds: readonly unknown[];
  readonly executedTwice: number;
  readonly notExecuted: number;
  readonly eventsTwiceInOneProcess: number;
  readonly eventsLost: number;
  readonly eventsOutOfOrder: number;
  readonly imbalance: number;
}

const GOOD: Outcome = {
  failed: [],
  wrongRounds: [],
  executedTwice: 0,
  notExecuted: 0,
  eventsTwiceInOneProcess: 0,
  eventsLost: 0,
  eventsOutOfOrder: 0,
  imbalance: 0,
};

const OPTIONS = ({ env }: Place): Parameters<typeof withHeir>[1] => ({
  times: { probationMs: 3_000, drainMs: 20_000 },
  retention: { versions: KEPT },
  launch: () => ({
    env,
    startTimeoutMs: 20_000,
    stop: { drainMs: 20_000, graceMs: 10_000, terminateMs: 5_000 },
    health: { intervalMs: 100, misses: 1_000 },
    // A queue with room for everything that is published while a version is drained.
    events: { subscribe: ['work.*'], emit: ['echo.*'], capacity: 100_000, rateLimit: 100_000 },
  }),
});

/** What the host knows of a load. */
interface LoadReport extends Pick<Outcome, 'failed' | 'wrongRounds' | 'imbalance'> {
  /** Ids of calls that were answered, and of events. */
  readonly answered: readonly string[];
  readonly ids: readonly string[];
}

async function updateUnderLoad(place: Place, { test, lifecycle }: Heir): Promise<LoadReport> {
  await lifecycle.install(version(place, '1.0.0'), { consent: 'all', activate: true });
  const kept = join(dataRootOf(place), PLUGIN, 'kept');
  writeFileSync(kept, 'from the first version');
  const plugin = lifecycle.plugin(PLUGIN);
  if (plugin === undefined) throw new Error('it does not run');
  const view = viewOf(test.host.bus, PLUGIN);
  const calls = callAll(callsOf(plugin), AT_ONCE);
  const events = publishAll(test, PER_SECOND);
  const wrongRounds: unknown[] = [];
  let off = 0;
  for (let count = 1; count <= UPDATES; count += 1) {
    const round = ROUNDS[(count - 1) % ROUNDS.length] as Round;
    const before = await lifecycle.get(PLUGIN);
    const code = await tryRound(place, lifecycle, round, `1.0.${count}`);
    const { row, process } = await lifecycle.get(PLUGIN);
    const isAsExpected =
      row.state === 'active' &&
      process?.state === 'ready' &&
      readFileSync(kept, 'utf8') === 'from the first version' &&
      (WORKS.includes(round)
        ? code === undefined && row.version !== before.row.version
        : code !== undefined && row.version === before.row.version && process.pid === before.process?.pid);
    if (!isAsExpected)
      wrongRounds.push({ count, round, code, from: before.row.version, to: row.version, state: row.state });
    off += Math.abs(imbalance(view));
  }
  const { answered, failed } = await calls.stop();
  const ids = await events.stop();
  await waitFor('all events are settled', () => view.counters.pending === 0, 60_000);
  expect(view.counters).toMatchObject({ published: ids.length, delivered: ids.length, settledTwice: 0 });
  expect(answered.length).toBeGreaterThan(UPDATES * AT_ONCE);
  requireData(place, (await lifecycle.get(PLUGIN)).row);
  return { failed, wrongRounds, answered, ids, imbalance: off };
}

function outcomeOf(place: Place, { failed, wrongRounds, imbalance: off, answered, ids }: LoadReport): Outcome {
  const journal = journalOf(place);
  const history = readFileSync(join(dataRootOf(place), PLUGIN, 'history'), 'utf8')
    .split('\n')
    .filter(Boolean);
  expect(history).toEqual(journal.filter(({ kind }) => kind === 'start').map(({ id }) => id));
  return { failed, wrongRounds, ...ofCalls(journal, answered), ...ofEvents(journal, ids), imbalance: off };
}

/** Does one round; returns what it failed with. */
async function tryRound(place: Place, lifecycle: Lifecycle, round: Round, next: string): Promise<string | undefined> {
  try {
    if (round === 'rollback') await lifecycle.rollback(PLUGIN);
    else
      await lifecycle.update(PLUGIN, version(place, next, round === 'update' ? undefined : round), { consent: 'all' });
    return undefined;
  } catch (error) {
    return (error as RuntimeError).code;
  }
}

function version({ root }: Place, name: string, fate?: WorkerFate): PluginSource {
  const path = join(root, 'versions', name);
  writeVersion(path, { version: name, ...(fate === undefined ? {} : { fate }) });
  return { kind: 'directory', path };
}

function ofCalls(journal: readonly JournalLine[], answered: readonly string[]) {
  const lines = journal.filter(({ kind }) => kind === 'call');
  const executed = new Set(lines.map(({ id }) => id));
  return {
    executedTwice: lines.length - executed.size,
    notExecuted: answered.filter((id) => !executed.has(id)).length,
  };
}

function ofEvents(journal: readonly JournalLine[], ids: readonly string[]) {
  const lines = journal.filter(({ kind }) => kind === 'event');
  const handled = firstOnes(lines.map(({ id }) => id));
  return {
    eventsTwiceInOneProcess: lines.length - new Set(lines.map(({ id, pid }) => `${id} ${pid}`)).size,
    eventsLost: ids.length - handled.length,
    eventsOutOfOrder: handled.filter((id, index) => id !== ids[index]).length,
  };
}

/** One version is active, the newest others are kept, and the files are those of these. */
async function requireVersions(place: Place, { lifecycle, store }: Heir): Promise<void> {
  const { row, versions } = await lifecycle.get(PLUGIN);
  const named = (wanted: string): readonly string[] =>
    versions.filter(({ role }) => role === wanted).map((one) => one.version);
  expect(named('active')).toEqual([row.version]);
  expect(named('staged')).toEqual([]);
  expect(named('retained').length).toBeLessThanOrEqual(KEPT);
  expect(named('retained').length).toBeGreaterThan(0);
  await requireFiles(place, store, 0);
}

/** Each round is in the audit. */
async function requireAudit({ lifecycle }: Heir): Promise<void> {
  const events = (await lifecycle.audit(PLUGIN, 0, 10_000)).map(({ event }) => event);
  const count = (event: string): number => events.filter((one) => one === event).length;
  const made = (rounds: readonly Round[]): number =>
    Array.from({ length: UPDATES }, (_, index) => ROUNDS[index % ROUNDS.length] as Round).filter((one) =>
      rounds.includes(one),
    ).length;
  expect(count('plugin.updating')).toBe(UPDATES);
  expect(count('plugin.version.staged')).toBe(UPDATES);
  expect(count('plugin.updated')).toBe(made(['update']));
  expect(count('plugin.rollback')).toBe(made(['rollback']));
  expect(count('plugin.update.failed')).toBe(made(['sickens', 'exits', 'sick']));
}
