// Helpers for tests that run the command line as a process.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '../source-files.ts';
import { waitFor } from '../transport/process/support.ts';

/** A command line that runs. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string };
  /** Settles when it has ended and everything it wrote was read. */
  readonly ended: Promise<CommandResult>;
  /** Waits until its standard output contains the text, for at most 20 s. */
  printed(text: string | RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Reads no more of its standard output, as `head` does when it has enough. */
  closeOutput(): void;
}

/** How a command line ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What differs from the usual. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node.js itself. */
  readonly execArgv?: readonly string[];
}

/** Starts `troupe` from its sources. */
export function startTroupe(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const main = join(ROOT, 'src/cli/main.ts');
  return startNode(['--conditions=source', ...(options.execArgv ?? []), main, ...args], options);
}

/** Starts a program with this Node.js. */
export function startNode(args: readonly string[], { cwd = ROOT, env = {} }: CommandOptions = {}): RunningCommand {
  const coverage = process.env['TROUPE_CHILD_COVERAGE'];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  let hasEnded = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (output.stderr += text));
  return {
    pid: child.pid ?? 0,
    output,
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => {
        hasEnded = true;
        resolve({ code, signal, ...output });
      });
    }),
    printed: (text) =>
      waitFor(
        `${String(text)} in the output`,
        () => {
          if (contains(output.stdout, text)) return true;
          if (hasEnded) throw new Error(`ended without ${String(text)}: ${output.stdout}${output.stderr}`);
          return false;
        },
        20_000,
      ),
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
  };
}

/** Runs `troupe` to its end. */
export function runTroupe(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startTroupe(args, options).ended;
}

/** A new directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The process ids that the lines of the output name. */
export function pidsIn(stdout: string): number[] {
  return [...stdout.matchAll(/ready as process (\d+)/g)].map(([, pid]) => Number(pid));
}

function contains(text: string, part: string | RegExp): boolean {
  return typeof part === 'string' ? text.includes(part) : part.test(text);
}
