// Other processes on the same data.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A process of a test. */
export interface TestProcess {
  readonly child: ChildProcess;
  /** The lines that it has said so far. */
  lines(): readonly string[];
  /** Waits until it has said so many lines, or has ended. */
  said(count: number): Promise<void>;
  /** Waits for its end. */
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null; readonly errors: string }>;
}

/** Starts a program of the fixtures. It is killed when the test ends before it. */
export function startFixture(name: string, args: readonly string[]): TestProcess {
  const file = fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', file, ...args], { stdio: 'pipe' });
  let text = '';
  let errors = '';
  let wake = (): void => {};
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const end = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal });
      wake();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await end;
  });
  const lines = (): readonly string[] => text.split('\n').slice(0, -1);
  return {
    child,
    lines,
    async said(count) {
      while (lines().length < count && child.exitCode === null && child.signalCode === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    ended: async () => ({ ...(await end), errors }),
  };
}
