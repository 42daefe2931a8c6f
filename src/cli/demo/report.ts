import type { Outage } from './caller.ts';
import type { PluginRow } from './view/view.ts';

/** What became of one plugin: its row at the end, before the stop, and its failures. */
export interface PluginReport extends PluginRow {
  /** Failed calls by the code of their error. */
  readonly codes: ReadonlyMap<string, number>;
  readonly outages: readonly Outage[];
  /** How each process that failed has ended, in order: `exit code 3`, `SIGKILL`. */
  readonly ends: readonly string[];
}

/** What became of everything. */
export interface DemoReport {
  readonly plugins: readonly PluginReport[];
  /** What is left, counted from outside of the host. */
  readonly leaks: {
    /** Processes of plugins that still run. */
    readonly processes: number;
    /** Entries in the directory that the host used for sockets. */
    readonly sockets: number;
  };
  /** Jobs in the journals that the plugins wrote. */
  readonly journalled: number;
  /** What is wrong with the journals, one sentence each. */
  readonly discrepancies: readonly string[];
  /** From the start to the end of the last plugin. */
  readonly durationMs: number;
  /** Directory of the journals; undefined when they are not kept. */
  readonly journals: string | undefined;
}

/** The calls of all plugins together. */
export function callsOf({ plugins }: DemoReport): { readonly ok: number; readonly failed: number } {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return { ok: sum(plugins.map(({ ok }) => ok)), failed: sum(plugins.map(({ failed }) => failed)) };
}

/** The report as one line of JSON, for programs. */
export function reportJson(report: DemoReport): string {
  return JSON.stringify({
    plugins: report.plugins.map(({ name, state, restarts, startMs }) => ({
      name,
      state,
      restarts,
      startMs: startMs === undefined ? null : Math.round(startMs),
    })),
    calls: callsOf(report),
    leaks: report.leaks,
    durationMs: Math.round(report.durationMs),
    ...(report.journals === undefined ? {} : { journals: report.journals }),
  });
}
