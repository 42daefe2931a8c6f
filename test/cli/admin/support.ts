// Helpers for tests of the commands that talk to a host: a real host on a directory of its own, and its plugins.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import { ROOT } from '../../source-files.ts';
import { startTroupe } from '../support.ts';
import type { CommandResult, RunningCommand } from '../support.ts';

/** How a command has ended that ran in this process. */
export type ProgramResult = Pick<CommandResult, 'code' | 'stdout' | 'stderr'>;

/** A host that runs as a process of its own. */
export interface TestHostProcess {
  readonly directory: string;
  readonly run: RunningCommand;
  /** Runs `troupe plugin …` against it, at a width of 80. One at a time. */
  plugin(...args: readonly string[]): Promise<ProgramResult>;
  /** The same with `--json`; the result as a value. */
  json(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  stop(signal?: NodeJS.Signals): Promise<CommandResult>;
}

/**
 * Runs a command line within this process: starting one for each command takes most of the time of a test. One at a time,
 * as what it prints is caught.
 */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const output = { stdout: '', stderr: '' };
  for (const [name, value] of Object.entries({ COLUMNS: '80', NO_COLOR: '1', ...env })) vi.stubEnv(name, value);
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      output[name] += String(text);
      return true;
    }),
  );
  const listeners = [process.stdout, process.stderr].map((stream) => ({ stream, before: stream.listeners('error') }));
  try {
    const code = await runProgram(args);
    return { code, ...output };
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const { stream, before } of listeners) {
      for (const listener of stream.listeners('error')) {
        if (!before.includes(listener)) stream.off('error', listener as () => void);
      }
    }
    vi.unstubAllEnvs();
  }
}

/** A directory with a short name, as sockets must have. */
export function shortDirectory(): string {
  const directory = mkdtempSync('/tmp/tc-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a host; it is stopped at the end of the test. Without a file its updates have a short probation. */
export async function startHost(
  directory: string = join(shortDirectory(), 'data'),
  args: readonly string[] = [],
): Promise<TestHostProcess> {
  const host = await openHost(directory, args);
  onTestFinished(async () => void (await host.stop()));
  return host;
}

/** As `startHost`, for several tests: whoever opens it stops it. */
export async function openHost(directory: string, args: readonly string[] = []): Promise<TestHostProcess> {
  if (!existsSync(directory)) {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'host.yaml'), 'updates: { probationMs: 100 }\n', { mode: 0o600 });
  }
  const run = startTroupe(['run', '--data', directory, ...args]);
  await run.printed('troupe  is ready');
  const plugin = (...given: readonly string[]): Promise<ProgramResult> =>
    runHere(['plugin', ...given], { TROUPE_DATA: directory });
  return {
    directory,
    run,
    plugin,
    async json(...given) {
      const { code, stdout, stderr } = await plugin(...given, '--json');
      if (code !== 0) throw new Error(`${given.join(' ')}: ${stderr}`);
      return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    },
    stop(signal = 'SIGTERM') {
      run.signal(signal);
      return run.ended;
    },
  };
}

/** What differs between plugins of tests. */
export interface TestPluginOptions {
  readonly name?: string;
  readonly version?: string;
  /** More fields of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Directory that it is written into. Default: one that goes with the test. */
  readonly below?: string;
}

/** Writes a plugin with one operation, `get`, that answers what it gets. Returns its directory. */
export function writePlugin(options: TestPluginOptions = {}): string {
  const { name = 'kv', version = '1.0.0', manifest = {} } = options;
  const directory = join(options.below ?? shortDirectory(), name);
  mkdirSync(directory);
  const fields = { apiVersion: 'troupe.plugin/v1', name, version, kinds: ['operations'], run: { node: 'main.mjs' } };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify({ ...fields, ...manifest }));
  // By its path: the files are copied to where no package is found.
  writeFileSync(
    join(directory, 'main.mjs'),
    `import { definePlugin, servePlugin } from ${JSON.stringify(join(ROOT, 'src/sdk/index.ts'))};
const get = { description: 'answers what it gets', execute: (input) => ({ input }) };
await servePlugin(definePlugin({ name: '${name}', version: '${version}', operations: { get } }));
console.log('${name} ${version} serves');
`,
  );
  return directory;
}
