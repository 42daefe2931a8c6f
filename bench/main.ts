// Runs benchmarks: `npm run -s bench -- [NAME...] [--quick] [--json] [--check] [--list]`; without a name, all of them.
//
// Each metric is measured in turns with a named peer, in at least ten rounds; what is told is the median of the ratios
// of the single rounds with its 95 % interval (bootstrap, fixed seed). Absolute numbers depend on the machine and on who
// else uses it: only ratios can be compared.
//
// --quick   measures the metrics that have an entry in bench/aims.json and are not marked `fullOnly`, within 40 s for each
//           benchmark on two cores; building the peers for the first time comes on top. The rest shows as skipped.
// --json    writes one line of JSON for each metric to standard output, and nothing else there.
// --check   says for each aim of the benchmarks that were run whether it is met. It is `met` or `missed` when the whole
//           interval says so, `uncertain` when the aim lies inside it. The exit code is 1 when an aim is missed, and 0
//           when the rest is met, uncertain or could not be measured. With --json the table goes to standard error.
// --list    shows the benchmarks with their metrics and aims, and measures nothing.
//
// Exit codes: 0, 1 (an aim is missed, with --check), 2 (wrong usage, or a benchmark failed), 130 (interrupted).

import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { BENCHMARKS } from './catalogue.ts';
import { parseAims } from './harness/aims.ts';
import { parseArguments, UsageError } from './harness/arguments.ts';
import { runBenchmark } from './harness/run-benchmark.ts';
import { formatList, formatResults, formatVerdicts, judge } from './harness/report.ts';
import { measurementLine, skippedLine } from './harness/measurement.ts';
import type { Measurement, SkippedMetric } from './harness/measurement.ts';

const SIGNAL_EXIT = 130;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isPlain = error instanceof UsageError || interrupt.signal.aborted;
  process.stderr.write(`${isPlain ? (error as Error).message : describe(error)}\n`);
  process.exitCode = interrupt.signal.aborted ? SIGNAL_EXIT : 2;
}

async function main(argv: readonly string[]): Promise<number> {
  const known = BENCHMARKS.map(({ name }) => name);
  const { names, quick, json, check, list } = parseArguments(argv, known);
  const aims = parseAims(readFileSync(new URL('aims.json', import.meta.url), 'utf8'));
  const chosen = BENCHMARKS.filter(({ name }) => names.includes(name));
  if (list) return print(formatList(chosen, aims));

  warnOfLoad();
  const measured: Measurement[] = [];
  const skipped: SkippedMetric[] = [];
  for (const benchmark of chosen) {
    await runBenchmark(
      benchmark,
      { aims, quick, signal: interrupt.signal },
      {
        measured(measurement) {
          measured.push(measurement);
          if (json) print(measurementLine(measurement));
        },
        skipped(metric) {
          skipped.push(metric);
          if (json) print(skippedLine(metric));
        },
        progress: (text) => void process.stderr.write(`${text} …\n`),
      },
    );
  }
  if (!json) print(formatResults({ measured, skipped }));
  if (!check) return 0;
  const lines = judge(aims, { measured, skipped });
  process[json ? 'stderr' : 'stdout'].write(`\n${formatVerdicts(lines)}\n`);
  return lines.some(({ verdict }) => verdict === 'missed') ? 1 : 0;
}

/** Somebody else's work does not move the ratios, but it widens their intervals, and may fool one now and then. */
function warnOfLoad(): void {
  const [load = 0] = loadavg();
  const processors = availableParallelism();
  if (load < processors / 4) return;
  const text = `the load average is ${load.toFixed(1)} on ${processors} processors: intervals will be wide`;
  process.stderr.write(`warning: ${text}; measure what is missed once more\n`);
}

function print(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
