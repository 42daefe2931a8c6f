// `troupe plugin test`: stages a plugin, runs the rows, prints them.

import { stdout } from 'node:process';
import { createRealClock } from '../../../ports/index.ts';
import { countOf } from '../../count-of.ts';
import { oneLine } from '../../printable.ts';
import { exitCodeOf, listenForStop } from '../../stop-signals.ts';
import { styleFor } from '../../style.ts';
import type { Style, Tone } from '../../style.ts';
import { createProcessRunner } from '../process-runner.ts';
import { selfCommand } from '../self-command.ts';
import { testConformance } from './conformance.ts';
import type { ConformanceRow, RowVerdict } from './conformance-row.ts';
import { stagePlugin } from './staged-plugin.ts';
import { jsonLine } from '../../json-line.ts';

/** What the command line said. */
export interface RunConformanceOptions {
  readonly path: string;
  readonly json: boolean;
  readonly execute: boolean;
}

const TONES: Readonly<Record<RowVerdict, Tone>> = { passed: 'good', failed: 'bad', warning: 'busy', skipped: 'faint' };
const WIDTH = 24;

/** Tests a plugin and prints the rows. Settles with the exit code. Rejects when it cannot be built or read. */
export async function runConformance({ path, json, execute }: RunConformanceOptions): Promise<number> {
  const clock = createRealClock();
  const stop = listenForStop();
  const paint = styleFor(stdout);
  const onLine = (line: string): void => void process.stderr.write(`${oneLine(line)}\n`);
  try {
    const ports = { runner: createProcessRunner(clock), self: selfCommand(), onLine };
    const staged = await stagePlugin(path, ports, stop.requested);
    try {
      const onRow = (row: ConformanceRow): void => void (json || stdout.write(rowText(row, paint)));
      const report = await testConformance({ directory: staged.directory, clock, execute, onRow });
      if (json) stdout.write(jsonLine(report));
      else stdout.write(summaryOf(report.rows, paint));
      return report.isConforming ? 0 : 1;
    } finally {
      await staged.remove();
    }
  } catch (error) {
    if (stop.received === undefined) throw error;
    return exitCodeOf(stop.received);
  } finally {
    stop.release();
  }
}

/** @internal A row for people, and below it what the plugin wrote. */
export function rowText({ id, verdict, detail, stderr = [] }: ConformanceRow, paint: Style): string {
  const row = `${paint(TONES[verdict], verdict.padEnd(8))} ${id.padEnd(WIDTH)} ${oneLine(detail)}`.trimEnd();
  return [row, ...stderr.map((line) => `  |  ${oneLine(line)}`.trimEnd()), ''].join('\n');
}

function summaryOf(rows: readonly ConformanceRow[], paint: Style): string {
  const failures = rows.filter(({ verdict }) => verdict === 'failed').length;
  const text = `${countOf(rows.length, 'row')}, ${failures === 0 ? 'none' : failures} failed`;
  return `${paint(failures === 0 ? 'good' : 'bad', text)}\n`;
}
