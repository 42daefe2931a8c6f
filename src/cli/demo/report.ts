import type { Outage } from './caller.ts';
import { eventSums } from './events/event-report.ts';
import type { EventsReport } from './events/event-report.ts';
import { lifecycleJson } from './lifecycle/lifecycle-report.ts';
import type { LifecycleReport } from './lifecycle/lifecycle-report.ts';
import type { PluginRow } from './view/view.ts';

/** What became of one plugin: its row at the end, before the stop, and its failures. */
export interface PluginReport extends PluginRow {
  /** Failed calls by the code of their error. */
  readonly codes: ReadonlyMap<string, number>;
  readonly outages: readonly Outage[];
  /** How each process that failed has ended, in order: `exit code 3`, `SIGKILL`. */
  readonly ends: readonly string[];
}

/** What became of the scene about recovery. */
export interface RecoveryReport {
  readonly plugins: readonly PluginReport[];
  /** Jobs in the journals that the plugins wrote. */
  readonly journalled: number;
  /** What is wrong with the journals, one sentence each. */
  readonly discrepancies: readonly string[];
}

/** What became of everything. */
export interface DemoReport {
  /** Undefined when the scene was not played. */
  readonly recovery: RecoveryReport | undefined;
  /** Undefined when the scene was not played. */
  readonly events: EventsReport | undefined;
  /** Undefined when the scene was not played. */
  readonly lifecycle: LifecycleReport | undefined;
  /** What is left, counted from outside of the hosts. */
  readonly leaks: {
    /** Processes of plugins that still run. */
    readonly processes: number;
    /** Entries in the directory that the hosts used for sockets. */
    readonly sockets: number;
  };
  /** From the start to the end of the last plugin. */
  readonly durationMs: number;
  /** Directory of the journals; undefined when they are not kept. */
  readonly journals: string | undefined;
}

/** The calls of all plugins together. */
export function callsOf({ plugins }: RecoveryReport): { readonly ok: number; readonly failed: number } {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return { ok: sum(plugins.map(({ ok }) => ok)), failed: sum(plugins.map(({ failed }) => failed)) };
}

/** The report as one line of JSON, for programs. What was not played has no key. */
export function reportJson({ recovery, events, lifecycle, leaks, durationMs, journals }: DemoReport): string {
  return JSON.stringify({
    ...(recovery === undefined ? {} : { plugins: recovery.plugins.map(pluginJson), calls: callsOf(recovery) }),
    ...(events === undefined ? {} : { events: eventSums(events) }),
    ...(lifecycle === undefined ? {} : { lifecycle: lifecycleJson(lifecycle) }),
    leaks,
    durationMs: Math.round(durationMs),
    ...(journals === undefined ? {} : { journals }),
  });
}

function pluginJson({ name, state, restarts, startMs }: PluginReport): Record<string, unknown> {
  return { name, state, restarts, startMs: startMs === undefined ? null : Math.round(startMs) };
}
