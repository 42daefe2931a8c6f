// Runs the programs that the tools of this repository are made of.

import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the repository, absolute. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** How a program is run. */
export interface RunOptions {
  /** Working directory. Default: the top folder of the repository. */
  readonly cwd?: string;
  /** Variables on top of those of this process; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Shows the output as it comes instead of collecting it. Default false. */
  readonly show?: boolean;
}

/** How a program ended. */
export interface RunResult {
  /** Exit code; 128 when a signal ended the program or it could not be started. */
  readonly code: number;
  /** What it wrote to both of its outputs, in the order of arrival; empty when it was shown. */
  readonly output: string;
}

/** Runs a program to its end. Programs of the project's dependencies are found by their bare name. Never rejects. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, PATH: path, ...options.env },
    stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.show ? 'inherit' : 'pipe'],
  });
  let output = '';
  const collect = (chunk: string): void => void (output += chunk);
  child.stdout?.setEncoding('utf8').on('data', collect);
  child.stderr?.setEncoding('utf8').on('data', collect);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 128, output: `${command}: ${error.message}` }));
    child.once('close', (code) => resolve({ code: code ?? 128, output }));
  });
}

/** A duration for people: `1.4 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
