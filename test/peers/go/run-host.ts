// Runs the Go host of the tests and reads its JSON lines.
//
// Invariants:
//   H1. The environment of the host, which is also that of its plugin, is what the caller gives plus PATH and TMPDIR.
//   H2. When `finished` has settled, the host is gone, and its plugin too unless `keepOrphan` is set.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

/** What the Go host is to do. */
export interface GoHostOptions {
  /** The host's program, such as `host` or `hostPatched` of the Go peers, and its arguments if there are any. */
  readonly host: string | readonly [string, ...string[]];
  /** The plugin's program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** Steps after the start, such as `echo`, `download:1000` or `counter:5`. No commas within a step. */
  readonly steps: readonly string[];
  /** Default: false. */
  readonly autoMtls?: boolean;
  /** Application protocol versions that the host speaks. Default: 1. */
  readonly versions?: readonly number[];
  /** Default: the one that the Go plugin expects. */
  readonly cookie?: string;
  /** Added to PATH and TMPDIR (H1). */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the sockets go. Default: the system's directory. */
  readonly directory?: string;
  /** Time limit of each step. Default: 10,000. */
  readonly stepMs?: number;
  /** Time limit of the plugin's handshake. Default: 10,000. */
  readonly startMs?: number;
  /** Time limit of the library's Kill, which by itself waits without end for a frozen plugin. Default: 5,000. */
  readonly killLimitMs?: number;
  /** Time after which the host is ended with SIGKILL. Default: 60,000. */
  readonly limitMs?: number;
  /** Leaves a plugin alone that outlives the host; the caller then ends it. Default: false. */
  readonly keepOrphan?: boolean;
}

/** The outcome of one step. */
export interface GoHostStep {
  readonly step: string;
  readonly ok: boolean;
  readonly error?: string;
  /** Name of the gRPC status as Go writes it, such as `NotFound`. */
  readonly code?: string;
  /** What the step has to show; its form depends on the step. */
  readonly value?: unknown;
  readonly ms: number;
}

/** How the plugin's process ended. */
export interface GoHostDone {
  readonly done: true;
  readonly exited: boolean;
  /** How long the library's Kill took. */
  readonly killMs: number;
  /** The library used SIGKILL. */
  readonly forced: boolean;
  /** The library's Kill did not return by itself. */
  readonly hung: boolean;
  readonly exitCode: number | null;
  /** Text of the signal as Go writes it, such as `killed`. */
  readonly signal: string | null;
}

/** All that a run of the Go host has told. */
export interface GoHostRun {
  readonly steps: readonly GoHostStep[];
  /** Undefined when the host ended before its last line. */
  readonly done: GoHostDone | undefined;
  /** Exit code of the host; null when a signal ended it. */
  readonly exitCode: number | null;
  /** What the host itself wrote to standard error: empty unless it crashed or was used wrongly. */
  readonly stderr: string;
  /** Process id of a plugin that outlived the host. */
  readonly orphan: number | undefined;
}

/** A Go host at work. */
export interface GoHost {
  readonly process: ChildProcess;
  /** The first outcome of that step, spelled as in `steps`, or `start`. Rejects when the host ends without it. */
  step(name: string): Promise<GoHostStep>;
  /** Settles when the host has ended. Rejects only when it cannot be started. */
  readonly finished: Promise<GoHostRun>;
}

/** Runs the whole script. */
export function runGoHost(options: GoHostOptions): Promise<GoHostRun> {
  return startGoHost(options).finished;
}

/** Starts the host for a test that interferes while it runs. */
export function startGoHost(options: GoHostOptions): GoHost {
  const { directory = tmpdir(), limitMs = 60_000 } = options;
  const [program, ...own] = typeof options.host === 'string' ? [options.host] : options.host;
  const child = spawn(program, [...own, ...argumentsOf(options)], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: directory, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const steps: GoHostStep[] = [];
  const waiting = new Map<string, PromiseWithResolvers<GoHostStep>>();
  const waiter = (name: string): PromiseWithResolvers<GoHostStep> => {
    const known = waiting.get(name) ?? Promise.withResolvers<GoHostStep>();
    waiting.set(name, known);
    // A test that asks for no step must not fail for one that never came.
    known.promise.catch(() => undefined);
    return known;
  };

  const finished = collect(child, options, (step) => {
    steps.push(step);
    waiter(step.step).resolve(step);
  }).then((ending) => ({ steps, ...ending }));
  const giveUp = (): void => {
    for (const [name, { reject }] of waiting) reject(new Error(`the Go host ended without the step "${name}"`));
  };
  finished.then(giveUp, giveUp);

  return {
    process: child,
    step: (name) => waiter(name).promise,
    finished,
  };
}

/** Whether a process runs. One that has ended but was not collected by its parent counts as gone. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // No such process, or one of somebody else under a number used again.
    return false;
  }
  const status = `/proc/${pid}/stat`;
  // The name in parentheses may itself hold a parenthesis.
  return !existsSync(status) || !/^.*\) Z /s.test(readFileSync(status, 'utf8'));
}

// Helpers

function argumentsOf(options: GoHostOptions): string[] {
  const { stepMs = 10_000, startMs = 10_000, killLimitMs = 5_000, versions = [1], steps } = options;
  return [
    `-do=${steps.join(',')}`,
    `-versions=${versions.join(',')}`,
    `-timeout=${stepMs}ms`,
    `-start-timeout=${startMs}ms`,
    `-kill-limit=${killLimitMs}ms`,
    `-automtls=${options.autoMtls ?? false}`,
    ...(options.cookie === undefined ? [] : [`-cookie=${options.cookie}`]),
    '--',
    ...options.command,
  ];
}

async function collect(
  child: ChildProcess,
  options: GoHostOptions,
  onStep: (step: GoHostStep) => void,
): Promise<Omit<GoHostRun, 'steps'>> {
  let done: GoHostDone | undefined;
  let stderr = '';
  let plugin: number | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as GoHostStep | GoHostDone;
      if ('done' in told) done = told;
      else onStep(told);
      if ('step' in told && told.step === 'start') plugin = pidOf(told.value);
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const orphan = plugin !== undefined && isRunning(plugin) ? plugin : undefined;
  if (orphan !== undefined && options.keepOrphan !== true) process.kill(orphan, 'SIGKILL');
  return { done, exitCode, stderr, orphan };
}

function pidOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
  return typeof value.pid === 'number' ? value.pid : undefined;
}
