// The composition of the demo: its scenes, one after the other, the view, and the count at the end.
//
// Invariants:
//   D1. Whatever ends the demo, the hosts are stopped, and the temporary directory is removed after them.
//   D2. What is counted as left behind is looked up in the operating system, not in a host.

import { mkdirSync } from 'node:fs';
import { RuntimeError } from '../../errors/index.ts';
import { createRealClock } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import { exitCodeOf, listenForStop } from '../stop-signals.ts';
import type { StopSignals } from '../stop-signals.ts';
import { styleFor } from '../style.ts';
import type { Tone } from '../style.ts';
import { eventDiscrepancies } from './events/event-report.ts';
import { playEvents } from './events/event-scene.ts';
import { aliveOf } from './leaks.ts';
import { KEPT } from './lifecycle/demo-plugins.ts';
import { lifecycleDiscrepancies } from './lifecycle/lifecycle-report.ts';
import { playLifecycle } from './lifecycle/lifecycle-scene.ts';
import { createLiveView } from './view/live-view.ts';
import { createPlainView, createSilentView } from './view/plain-view.ts';
import { playRecovery } from './recovery.ts';
import { reportJson } from './report.ts';
import type { DemoReport } from './report.ts';
import type { SceneName, SceneStage, TableLines } from './stage.ts';
import { summaryText } from './summary.ts';
import type { DemoView } from './view/view.ts';
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
  /** The scene to play; undefined: all of them. */
  readonly only: SceneName | undefined;
  /** Data directory of the scene about the lifecycle; undefined: the usual one of demos. */
  readonly data: string | undefined;
  /** Clears that directory first. */
  readonly reset: boolean;
}

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

interface Stage extends Omit<SceneStage, 'journals'> {
  readonly view: DemoView;
  readonly workspace: Workspace;
  /** The processes that there were. */
  readonly pids: ReadonlySet<number>;
  readonly startedAt: number;
}

function createStage(options: DemoOptions, workspace: Workspace, stop: StopSignals): Stage {
  const clock = createRealClock();
  const startedAt = clock.monotonic();
  const pids = new Set<number>();
  let table: TableLines = () => [];
  const view = createView(options, clock, (width, paint) => table(width, paint));
  return {
    view,
    clock,
    workspace,
    stop,
    pids,
    startedAt,
    root: workspace.root,
    say: (about: string, text: string, tone?: Tone) =>
      view.tell({ atMs: clock.monotonic() - startedAt, about, text, tone }),
    show: (lines) => {
      table = lines;
    },
    watch: (fact) => {
      if (fact.type === 'plugin.ready' && fact.pid !== undefined) pids.add(fact.pid);
    },
    note: (pid) => pids.add(pid),
  };
}

function createView({ json, outsideKill }: DemoOptions, clock: Clock, table: TableLines): DemoView {
  const paint = styleFor(process.stdout);
  // Somebody has to be told whom to kill, and standard output belongs to the JSON.
  if (json && outsideKill)
    return createPlainView(
      (text) => void process.stderr.write(text),
      (_, text) => text,
    );
  if (json) return createSilentView();
  if (process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
    return createLiveView({ terminal: process.stdout, clock, paint, table });
  }
  return createPlainView((text) => void process.stdout.write(text), paint);
}

/** Plays and counts. Undefined when a signal ended the play. */
async function perform(stage: Stage, options: DemoOptions): Promise<DemoReport | undefined> {
  const { journals, outsideKill, only, data, reset } = options;
  const { stop, say, view, workspace } = stage;
  const isWanted = (scene: SceneName): boolean => (only ?? scene) === scene && !stop.requested.aborted;
  let recovery: DemoReport['recovery'];
  let events: DemoReport['events'];
  let lifecycle: DemoReport['lifecycle'];
  try {
    if (isWanted('recovery')) recovery = await playRecovery(sceneOf(stage, workspace.journals), outsideKill);
    if (isWanted('events')) events = await playEvents(sceneOf(stage, workspace.eventJournals));
    if (isWanted('lifecycle')) lifecycle = await playLifecycle(sceneOf(stage, workspace.lifecycle), { data, reset });
  } catch (error) {
    if (!stop.requested.aborted) throw error;
  } finally {
    if (stop.requested.aborted) say('demo', `was interrupted by ${stop.received}`);
    view.close();
  }
  if (stop.requested.aborted) return undefined;
  for (const { journal } of events?.subscribers ?? []) journal.pids.forEach(stage.note);
  return {
    recovery,
    events,
    lifecycle,
    leaks: { processes: aliveOf(stage.pids).length, sockets: workspace.leftovers().length },
    durationMs: stage.clock.monotonic() - stage.startedAt,
    journals: journals === undefined ? undefined : workspace.journals,
  };
}

function sceneOf(stage: Stage, journals: string): SceneStage {
  mkdirSync(journals, { recursive: true });
  return { ...stage, journals };
}

/** A demo that shows something broken must not look like a success. */
function refuseDefects({ recovery, events, lifecycle, leaks }: DemoReport): void {
  const problems = [
    ...(recovery?.discrepancies ?? []),
    ...(events === undefined ? [] : eventDiscrepancies(events)),
    ...(lifecycle === undefined ? [] : lifecycleDiscrepancies(lifecycle, KEPT)),
    ...(leaks.processes > 0 ? [`${leaks.processes} processes of plugins still run`] : []),
    ...(leaks.sockets > 0 ? [`${leaks.sockets} entries are left in the host's temporary directory`] : []),
  ];
  if (problems.length === 0) return;
  throw new RuntimeError('INTERNAL', 'the demo found a defect', { details: { problems } });
}
