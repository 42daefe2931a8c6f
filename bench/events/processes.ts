// What processes take of the machine, from /proc; NaN where there is none.

import { readdirSync, readFileSync } from 'node:fs';

/** Processor time that the living threads of all these processes have had, in microseconds. */
export function cpuMicrosOf(pids: readonly number[]): number {
  return sumOf(pids, (pid) => {
    const threads = readdirSync(`/proc/${pid}/task`);
    // The scheduler's own count: that of `stat` goes by hundredths of a second.
    const nanos = threads.map((thread) => Number(readThread(pid, thread).split(' ')[0]));
    return nanos.reduce((sum, one) => sum + one, 0) / 1_000;
  });
}

/** Memory that all these processes have in use, in MiB. */
export function memoryMiBOf(pids: readonly number[]): number {
  return sumOf(pids, (pid) => {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) / 1_024;
  });
}

function readThread(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
  } catch {
    // It has ended in between.
    return '0';
  }
}

function sumOf(pids: readonly number[], of: (pid: number) => number): number {
  try {
    return pids.reduce((sum, pid) => sum + of(pid), 0);
  } catch {
    return Number.NaN;
  }
}
