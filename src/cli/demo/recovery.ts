// The scene about recovery: a host, three plugins that are called, a crash and a kill.

import { createHost } from '../../host/index.ts';
import type { HostFact } from '../../host/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../ports/index.ts';
import type { ProcessExit } from '../../ports/index.ts';
import { factText, isStreamFact } from '../fact-text.ts';
import type { FactText } from '../fact-text.ts';
import { CAST } from './cast.ts';
import { checkJournal, readJournal } from './journal.ts';
import type { PluginReport, RecoveryReport } from './report.ts';
import { playScenario } from './scenario.ts';
import type { SceneStage } from './stage.ts';
import { createTroop } from './troop.ts';
import type { Troop } from './troop.ts';
import { tableLines } from './view/table.ts';
import type { PluginRow } from './view/view.ts';

const BACKOFF = { initialMs: 500, jitter: 'none' } as const;

/** Plays the scene and stops its host. Rejects with what went wrong, or with CANCELLED when it is ended early. */
export async function playRecovery(stage: SceneStage, outsideKill: boolean): Promise<RecoveryReport> {
  const { clock, stop, say, journals } = stage;
  const host = createHost({
    // The story is told by the view; log entries between its lines would break the table.
    environment: createRealEnvironment({ logger: createSilentLogger() }),
    process: { backoff: BACKOFF },
    temporaryRoot: stage.root,
  });
  const ends = new Map<string, string[]>(CAST.map(({ name }) => [name, []]));
  const troop = createTroop({ host, clock, journals, signal: stop.requested, say });
  host.onFact((fact) => {
    stage.watch(fact);
    if (isStreamFact(fact)) return;
    noteEnd(fact, ends);
    const { text, tone } = storyOf(fact);
    say(fact.plugin, text, tone);
  });
  stage.show((width, paint) => tableLines(troop.rows(), width, paint));
  const hurry = (): void => void Promise.all(host.plugins().map((plugin) => plugin.kill()));
  stop.forced.addEventListener('abort', hurry, { once: true });
  let rows: readonly PluginRow[] = [];
  try {
    await playScenario({ troop, clock, signal: stop.requested, outsideKill, say });
  } finally {
    say('demo', 'stops the callers, then the host and its plugins');
    await troop.stopCalls();
    rows = troop.rows();
    await host.stop();
    stop.forced.removeEventListener('abort', hurry);
  }
  return count(stage, troop, rows, ends);
}

/** In the demo the callers show the error; here it is enough how the process ended. */
function storyOf(fact: Parameters<typeof factText>[0]): FactText {
  if (fact.type !== 'plugin.failed' || fact.exit === undefined) return factText(fact);
  return { text: `its process has ended: ${endOf(fact.exit)}`, tone: 'bad' };
}

function endOf({ code, signal }: ProcessExit): string {
  return signal ?? `exit code ${code}`;
}

function noteEnd(fact: HostFact, ends: Map<string, string[]>): void {
  if (fact.type !== 'plugin.failed') return;
  const { exit, failure } = fact;
  ends.get(fact.plugin)?.push(exit === undefined ? failure.code : endOf(exit));
}

function count(
  { journals, note }: SceneStage,
  troop: Troop,
  rows: readonly PluginRow[],
  ends: ReadonlyMap<string, readonly string[]>,
): RecoveryReport {
  const discrepancies: string[] = [];
  let journalled = 0;
  const plugins = rows.map((row): PluginReport => {
    const { name, failed } = row;
    const { caller } = troop.player(name);
    const journal = readJournal(journals, name);
    journalled += journal.jobs.length;
    for (const pid of journal.pids) note(pid);
    discrepancies.push(...checkJournal(name, journal, { answered: caller?.answered ?? [], failed }));
    return {
      ...row,
      codes: caller?.codes ?? new Map<string, number>(),
      outages: caller?.outages ?? [],
      ends: ends.get(name) ?? [],
    };
  });
  return { plugins, journalled, discrepancies };
}
