// The composition of the demo: a host, its plugins, their callers, the view, and the count at the end.
//
// Invariants:
//   D1. Whatever ends the demo, the host is stopped, and the temporary directory is removed after it.
//   D2. What is counted as left behind is looked up in the operating system, not in the host.

import { RuntimeError } from '../../errors/index.ts';
import { createHost } from '../../host/index.ts';
import type { Host, HostFact } from '../../host/index.ts';
import { createRealClock, createRealEnvironment, createSilentLogger } from '../../ports/index.ts';
import type { Clock, ProcessExit } from '../../ports/index.ts';
import { factText } from '../fact-text.ts';
import type { FactText } from '../fact-text.ts';
import { exitCodeOf, listenForStop } from '../stop-signals.ts';
import type { StopSignals } from '../stop-signals.ts';
import { styleFor } from '../style.ts';
import type { Tone } from '../style.ts';
import { CAST } from './cast.ts';
import { checkJournal, readJournal } from './journal.ts';
import { aliveOf } from './leaks.ts';
import { createLiveView } from './view/live-view.ts';
import { createPlainView, createSilentView } from './view/plain-view.ts';
import { reportJson } from './report.ts';
import type { DemoReport, PluginReport } from './report.ts';
import { playScenario } from './scenario.ts';
import { summaryText } from './summary.ts';
import { createTroop } from './troop.ts';
import type { Troop } from './troop.ts';
import type { DemoView, PluginRow } from './view/view.ts';
import { createWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** How the demo is run. */
export interface DemoOptions {
  /** Prints one JSON object at the end and nothing else. */
  readonly json: boolean;
  /** Directory for the journals of the plugins; undefined: they are removed at the end. */
  readonly journals: string | undefined;
  /** Waits for somebody else to kill the third plugin. */
  readonly outsideKill: boolean;
}

const BACKOFF = { initialMs: 500, jitter: 'none' } as const;
const USUAL_COLUMNS = 80;

/** Runs the demo. Settles with the exit code; rejects with what went wrong. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const workspace = createWorkspace(options.journals);
  const stop = listenForStop();
  const stage = createStage(options, workspace, stop);
  try {
    const report = await perform(stage, options);
    if (report === undefined) return exitCodeOf(stop.received ?? 'SIGINT');
    const columns = process.stdout.columns || USUAL_COLUMNS;
    process.stdout.write(
      options.json ? `${reportJson(report)}\n` : summaryText(report, columns, styleFor(process.stdout)),
    );
    refuseDefects(report);
    return 0;
  } finally {
    stage.view.close();
    stop.release();
    workspace.remove();
  }
}

interface Stage {
  readonly host: Host;
  readonly troop: Troop;
  readonly view: DemoView;
  readonly clock: Clock;
  readonly workspace: Workspace;
  readonly stop: StopSignals;
  readonly say: (about: string, text: string, tone?: Tone) => void;
  /** How processes of a plugin ended, and which there were. */
  readonly ends: Map<string, string[]>;
  readonly pids: Set<number>;
  readonly startedAt: number;
}

function createStage(options: DemoOptions, workspace: Workspace, stop: StopSignals): Stage {
  const clock = createRealClock();
  const startedAt = clock.monotonic();
  const host = createHost({
    // The story is told by the view; log entries between its lines would break the table.
    environment: createRealEnvironment({ logger: createSilentLogger() }),
    process: { backoff: BACKOFF },
    temporaryRoot: workspace.root,
  });
  const ends = new Map<string, string[]>(CAST.map(({ name }) => [name, []]));
  const pids = new Set<number>();
  const say = (about: string, text: string, tone?: Tone): void =>
    view.tell({ atMs: clock.monotonic() - startedAt, about, text, tone });
  const troop = createTroop({ host, clock, journals: workspace.journals, signal: stop.requested, say });
  const view = createView(options, clock, () => troop.rows());
  host.onFact((fact) => {
    watch(fact, ends, pids);
    const { text, tone } = storyOf(fact);
    say(fact.plugin, text, tone);
  });
  return { host, troop, view, clock, workspace, stop, say, ends, pids, startedAt };
}

/** In the demo the callers show the error; here it is enough how the process ended. */
function storyOf(fact: HostFact): FactText {
  if (fact.type !== 'plugin.failed' || fact.exit === undefined) return factText(fact);
  return { text: `its process has ended: ${endOf(fact.exit)}`, tone: 'bad' };
}

function endOf({ code, signal }: ProcessExit): string {
  return signal ?? `exit code ${code}`;
}

function watch(fact: HostFact, ends: Map<string, string[]>, pids: Set<number>): void {
  if (fact.type === 'plugin.ready' && fact.pid !== undefined) pids.add(fact.pid);
  if (fact.type !== 'plugin.failed') return;
  const { exit, failure } = fact;
  ends.get(fact.plugin)?.push(exit === undefined ? failure.code : endOf(exit));
}

function createView({ json, outsideKill }: DemoOptions, clock: Clock, rows: () => readonly PluginRow[]): DemoView {
  const paint = styleFor(process.stdout);
  // Somebody has to be told whom to kill, and standard output belongs to the JSON.
  if (json && outsideKill)
    return createPlainView(
      (text) => void process.stderr.write(text),
      (_, text) => text,
    );
  if (json) return createSilentView();
  if (process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
    return createLiveView({ terminal: process.stdout, clock, paint, rows });
  }
  return createPlainView((text) => void process.stdout.write(text), paint);
}

/** Plays, stops, counts. Undefined when a signal ended the play. */
async function perform(stage: Stage, { journals, outsideKill }: DemoOptions): Promise<DemoReport | undefined> {
  const { host, troop, clock, stop, say, view } = stage;
  const hurry = (): void => void Promise.all(host.plugins().map((plugin) => plugin.kill()));
  stop.forced.addEventListener('abort', hurry, { once: true });
  let rows: readonly PluginRow[] = [];
  try {
    await playScenario({ troop, clock, signal: stop.requested, outsideKill, say });
  } catch (error) {
    if (!stop.requested.aborted) throw error;
    say('demo', `was interrupted by ${stop.received}`);
  } finally {
    say('demo', 'stops the callers, then the host and its plugins');
    await troop.stopCalls();
    rows = troop.rows();
    await host.stop();
    stop.forced.removeEventListener('abort', hurry);
    view.close();
  }
  return stop.requested.aborted ? undefined : count(stage, rows, journals);
}

function count(stage: Stage, rows: readonly PluginRow[], kept: string | undefined): DemoReport {
  const { troop, workspace, clock, ends, pids, startedAt } = stage;
  const durationMs = clock.monotonic() - startedAt;
  const discrepancies: string[] = [];
  let journalled = 0;
  const plugins = rows.map((row): PluginReport => {
    const { name, failed } = row;
    const { caller } = troop.player(name);
    const journal = readJournal(workspace.journals, name);
    journalled += journal.jobs.length;
    for (const pid of journal.pids) pids.add(pid);
    discrepancies.push(...checkJournal(name, journal, { answered: caller?.answered ?? [], failed }));
    return {
      ...row,
      codes: caller?.codes ?? new Map<string, number>(),
      outages: caller?.outages ?? [],
      ends: ends.get(name) ?? [],
    };
  });
  return {
    plugins,
    leaks: { processes: aliveOf(pids).length, sockets: workspace.leftovers().length },
    journalled,
    discrepancies,
    durationMs,
    journals: kept === undefined ? undefined : workspace.journals,
  };
}

/** A demo that shows something broken must not look like a success. */
function refuseDefects({ discrepancies, leaks }: DemoReport): void {
  const problems = [
    ...discrepancies,
    ...(leaks.processes > 0 ? [`${leaks.processes} processes of plugins still run`] : []),
    ...(leaks.sockets > 0 ? [`${leaks.sockets} entries are left in the host's temporary directory`] : []),
  ];
  if (problems.length === 0) return;
  throw new RuntimeError('INTERNAL', 'the demo found a defect', { details: { problems } });
}
