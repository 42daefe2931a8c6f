import type { Style } from '../style.ts';
import { eventSummary } from './events/event-summary.ts';
import { lifecycleSummary } from './lifecycle/lifecycle-report.ts';
import { callsOf } from './report.ts';
import type { DemoReport, PluginReport, RecoveryReport } from './report.ts';
import { tableLines } from './view/table.ts';

const NEXT_STEPS = [
  ['README.md', '"A host in twenty lines": this in a program of your own'],
  ['examples/01-embed', 'that program, to run: npm run example 01'],
  ['examples/02-plugin-subprocess', 'what a caller sees of a crash: npm run example 02'],
  ['examples/08-plugin-events', 'events both ways: npm run example 08'],
  ['troupe run troupe.yaml', 'plugins from a file, without a program; see troupe run --help'],
  ['troupe run --data DIR', 'a host that keeps its plugins; docs/lifecycle.md'],
] as const;

/** The end of the demo, for people who see it for the first time. */
export function summaryText(report: DemoReport, width: number, paint: Style): string {
  const { recovery, events, lifecycle, leaks, journals } = report;
  const clean = leaks.processes === 0 && leaks.sockets === 0;
  const column = Math.max(...NEXT_STEPS.map(([name]) => name.length));
  const lines = [
    '',
    ...(recovery === undefined ? [] : [...recoverySummary(recovery, width, paint), '']),
    ...(events === undefined ? [] : [...eventSummary(events, width, paint), '']),
    ...(lifecycle === undefined ? [] : [...lifecycleSummary(lifecycle, paint), '']),
    paint('strong', 'What is left'),
    `  leaks     ${paint(clean ? 'good' : 'bad', `${leaks.processes} processes, ${leaks.sockets} sockets`)} left behind`,
    ...(journals === undefined ? [] : [`  kept      ${journals}`]),
    `  time      ${seconds(report.durationMs)} from the first start to the last end`,
    '',
    paint('strong', 'What to look at next'),
    ...NEXT_STEPS.map(([name, what]) => `  ${name.padEnd(column)}  ${what}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function recoverySummary(report: RecoveryReport, width: number, paint: Style): string[] {
  const { plugins, journalled } = report;
  const { ok, failed } = callsOf(report);
  return [
    paint('strong', 'What happened'),
    `  ${plugins.length} plugins ran as processes of their own.`,
    ...plugins.map((plugin) => `  ${plugin.name.padEnd(9)}${fate(plugin)}`),
    '  The host went on all the time, and its callers kept the clients that they had from the start.',
    '',
    ...tableLines(plugins, width - 2, paint).map((line) => `  ${line}`),
    '',
    `  calls     ${ok} succeeded, ${failed} failed${codesText(report)}`,
    `  journals  the plugins' own files hold ${journalled} jobs, each successful call exactly once`,
  ];
}

/** `: 2 PLUGIN_CRASHED, 46 PLUGIN_UNAVAILABLE`; nothing when all went well. */
function codesText({ plugins }: RecoveryReport): string {
  const sums = new Map<string, number>();
  for (const { codes } of plugins) {
    for (const [code, count] of codes) sums.set(code, (sums.get(code) ?? 0) + count);
  }
  return sums.size === 0 ? '' : `: ${[...sums].map(([code, count]) => `${count} ${code}`).join(', ')}`;
}

function fate({ restarts, ends, outages, failed }: PluginReport): string {
  if (restarts === 0) return failed === 0 ? 'never failed.' : 'was never restarted.';
  const longest = Math.max(0, ...outages.map(({ ms }) => ms));
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return `ended with ${ends.join(', ')}; it was restarted ${times} and answered again after ${seconds(longest)}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
