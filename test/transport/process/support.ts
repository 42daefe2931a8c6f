// Helpers for tests with real processes.

import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ProcessLauncherOptions } from '../../../src/transport/process/index.ts';
import { createProcessLauncher } from '../../../src/transport/process/index.ts';
import type { RunningProcess } from '../../../src/ports/index.ts';

/**
 * Shell script that starts a process in a session of its own, which holds the output for ever, and writes its pid. The
 * inner pipe ends only when that process has left the group.
 */
export const HOLDER = `exec 3>&1; pid=$(setsid sh -c 'echo $$; exec sleep 300 >&3' &); echo $pid;`;

/** Whether a process runs. A zombie does not: it only waits to be collected. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Pids of the living processes that a process started. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => statOf(pid)?.parent === parent && isAlive(pid));
}

/** Pids of the reapers that a process runs. */
export function reapersOf(parent: number): number[] {
  return childrenOf(parent).filter((pid) => commandLineOf(pid).includes('process.stdin.setEncoding'));
}

/** Waits for a fact, by looking. Rejects at the deadline, naming the fact. */
export async function waitFor(what: string, fact: () => boolean, deadlineMs = 2_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!fact()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Has a host that is not the superuser do a task of `fixtures/unprivileged.ts` in a folder. */
export async function runUnprivileged(task: string, root: string): Promise<unknown> {
  chmodSync(root, 0o777);
  const file = fileURLToPath(new URL('fixtures/unprivileged.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', file, task, root], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaints] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  if (output === '') throw new Error(`the host failed: ${complaints}`);
  return JSON.parse(output);
}

/** Kills a process at the end of the test if it still runs. */
export function killAtEnd(pid: number): void {
  onTestFinished(() => {
    if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
}

/** A launcher that is closed at the end of the test, and whose processes are gone by then. */
export function launcherForTest(options: ProcessLauncherOptions = {}): {
  launch(command: string, args?: readonly string[], extra?: LaunchExtra): Promise<RunningProcess>;
  close(): void;
} {
  const launcher = createProcessLauncher(options);
  onTestFinished(() => launcher.close());
  return {
    async launch(command, args = [], { env = {}, cwd } = {}) {
      const running = await launcher.launch({ command, args, cwd, env: { PATH: '/usr/bin:/bin', ...env } });
      onTestFinished(async () => {
        running.signalGroup('SIGKILL');
        await running.exited;
        running.release();
      });
      return running;
    },
    close: () => launcher.close(),
  };
}

interface LaunchExtra {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may contain anything, brackets too.
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined; // no such process
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // no such process
  }
}
