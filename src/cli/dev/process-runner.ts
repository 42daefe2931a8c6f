// Runs the programs of a build.
//
// Invariants:
//   R1. A program and all that it has started are gone when `run` settles, however it ended.
//   R2. What it prints is handed out line by line while it runs, with a bound on each line.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { ToolStep } from './project/toolchains.ts';

/** How a program ended. */
export interface ToolExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** What is given besides the program. */
export interface ToolRunOptions {
  /** Ends the program; `run` then settles with how it ended. */
  readonly signal: AbortSignal;
  /** Hears each line of its standard output and its standard error. */
  readonly onLine: (line: string) => void;
}

/** Runs programs; a port, so that a build can be tested without its tools. */
export interface ProcessRunner {
  /** Rejects with TOOLCHAIN_MISSING when there is no such program. */
  run(step: ToolStep, options: ToolRunOptions): Promise<ToolExit>;
}

/** Milliseconds from the request to end until force is used. */
const GRACE_MS = 2000;
const LONGEST_LINE = 4096;

/** Runs real programs, each as a process group of its own. */
export function createProcessRunner(clock: Clock): ProcessRunner {
  return {
    run(step, { signal, onLine }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return resolve({ code: null, signal: 'SIGTERM' });
        const child = spawn(step.command, step.args, {
          cwd: step.cwd,
          env: { ...process.env, ...step.env },
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
        });
        readLines(child.stdout, onLine);
        readLines(child.stderr, onLine);
        const release = endOnAbort(child, clock, signal);
        child.once('error', (cause) => {
          release();
          reject(missing(step, cause));
        });
        // `close`: what it printed last has been read.
        child.once('close', (code, ended) => {
          release();
          killGroup(child, 'SIGKILL');
          resolve({ code, signal: ended });
        });
      });
    },
  };
}

/** R1. The request first, force later. Returns what takes the listener and the timer back. */
function endOnAbort(child: ChildProcess, clock: Clock, signal: AbortSignal): () => void {
  let timer: ReturnType<Clock['setTimeout']> | undefined;
  const end = (): void => {
    killGroup(child, 'SIGTERM');
    timer = clock.setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  return () => {
    signal.removeEventListener('abort', end);
    clock.clearTimeout(timer);
  };
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function missing({ command }: ToolStep, cause: Error): RuntimeError {
  const isAbsent = 'code' in cause && cause.code === 'ENOENT';
  const problem = isAbsent ? 'is not installed, or not in PATH' : `cannot be started: ${cause.message}`;
  return new RuntimeError('TOOLCHAIN_MISSING', `"${command}" ${problem}`, { cause, details: { command } });
}

/** R2. */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) onLine(cut(line));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(cut(rest));
  });
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
