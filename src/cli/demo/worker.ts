// What the three plugins of the demo have in common: they do jobs and keep a journal of them.
//
// Invariants:
//   J1. A job is in the journal before its answer leaves the process, so an answered job is always there.
//   J2. Each line is written in one system call: a kill leaves whole lines only.

import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
import { WorkerServiceService } from '../../gen/troupe/demo/v1/demo.ts';
import { createRealClock } from '../../ports/real-clock.ts';
import { RuntimeError, service, servePlugin } from '../../sdk/index.ts';

/** What the demo tells each of its plugins. */
export interface WorkerConfig {
  /** File to append to: `<id> <pid>` for each job, `crash <pid>` before a crash. */
  readonly journal: string;
  /** Jobs after which the process ends itself, unless the journal holds a crash already. Default: never. */
  readonly crashAfter?: number;
}

const CRASH_CODE = 3;
// A job takes its time, so that a kill can meet one.
const JOB_MS = 20;
const LONGEST_COUNT = 1000;

/** Serves the demo's service under a name until the host ends it. */
export async function serveWorker(name: string): Promise<void> {
  const clock = createRealClock();
  let config: WorkerConfig | undefined;
  let jobs = 0;
  const write = (what: string): void => {
    if (config !== undefined) appendFileSync(config.journal, `${what} ${process.pid}\n`);
  };
  const crash = (exitCode: number): never => {
    write('crash');
    // The host keeps the last lines of the standard error and shows them to whoever was calling.
    writeSync(2, `${name}: a defect after ${jobs} jobs, leaving with exit code ${exitCode}\n`);
    process.exit(exitCode);
  };
  const worker = service(WorkerServiceService, {
    async work({ id, text }) {
      if (jobs === config?.crashAfter && !hasCrashed(config.journal)) crash(CRASH_CODE);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, JOB_MS));
      jobs += 1;
      write(id);
      return { id, text: text.toUpperCase(), pid: process.pid };
    },
    *count({ count }) {
      if (count < 1 || count > LONGEST_COUNT) {
        throw new RuntimeError('INVALID_ARGUMENT', `count is ${count}; it takes 1 to ${LONGEST_COUNT}`);
      }
      for (let number = 1; number <= count; number += 1) yield { number };
    },
    crash: ({ exitCode }) => crash(exitCode),
  });
  await servePlugin({
    name,
    services: [worker],
    onInit: (init) => {
      config = parseConfig(init.config);
    },
  });
}

function parseConfig(config: unknown): WorkerConfig {
  if (typeof config === 'object' && config !== null && 'journal' in config && typeof config.journal === 'string') {
    return config as WorkerConfig;
  }
  throw new RuntimeError('INVALID_ARGUMENT', 'the configuration names no journal');
}

function hasCrashed(journal: string): boolean {
  return existsSync(journal) && /^crash /m.test(readFileSync(journal, 'utf8'));
}
