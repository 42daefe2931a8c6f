// Starts a built plugin once, as a host does: that shows that it works, and fills its code cache.
//
// Invariants:
//   Y1. A trial that succeeds leaves a complete cache, and nothing beside it.
//   Y2. A plugin is ended by force only long after it was told to exit: a process that is killed writes no cache, and on
//       a busy machine an orderly exit can take longer than a host waits for it.

import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginCrashedError, RuntimeError } from '../../errors/index.ts';
import { createHost } from '../../host/index.ts';
import type { LaunchOptions } from '../../host/index.ts';
import { describeExit } from '../../machines/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../ports/index.ts';
import type { ProcessExit, ProcessLauncher } from '../../ports/index.ts';
import type { MagicCookie } from '../../transport/index.ts';
import { createProcessLauncher } from '../../transport/process/index.ts';
import { BUNDLE_FILE, CACHE_FOLDER, cacheName, cacheWriter, ENTRY_FILE, FAILURE_ENDING } from './entry-file.ts';

/** How a plugin is tried. */
export interface TrialOptions {
  /** The magic cookie that the plugin expects. Default: the one of troupe's SDK. */
  readonly handshake?: MagicCookie | undefined;
  /** Its configuration. Default: none. */
  readonly config?: unknown;
  /** Milliseconds until it must be ready. Default 30,000. */
  readonly startTimeoutMs?: number | undefined;
  /** Gives the trial up. */
  readonly signal?: AbortSignal | undefined;
}

/** Processes that are started until one leaves a cache. */
const ATTEMPTS = 3;
const START_TIMEOUT_MS = 30_000;
/** Y2. Milliseconds from the request to exit to SIGTERM, which has the cache written too, and from there to SIGKILL. */
const STOP = { graceMs: 5_000, terminateMs: 30_000 };
const STOP_DEADLINE_MS = 60_000;
/** Whatever version the plugin speaks, as long as it is one of these. */
const VERSIONS = Array.from({ length: 100 }, (_, version) => version);
/** These change what V8 compiles, or where to; what runs in the end has others. */
const NOT_INHERITED = new Set(['NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE', 'NODE_DISABLE_COMPILE_CACHE']);

/** What helps with which failure. */
const HINTS: Readonly<Record<string, string>> = {
  MAGIC_COOKIE_MISMATCH: '; name the magic cookie that it expects with --handshake KEY=VALUE',
  INIT_FAILED: '; give it a configuration with --config JSON',
  PLUGIN_EXITED_EARLY: '; the entry must call servePlugin',
  HANDSHAKE_TIMEOUT: '; the entry must call servePlugin',
};

/**
 * Starts the plugin that was built into a directory, with mutual TLS, lets it answer the calls that every host makes
 * first, and stops it in order; up to 3 times, until it leaves a code cache.
 *
 * Rejects with BUILD_TRIAL_FAILED when it does not start, BUILD_CACHE_MISSING when it starts and leaves no cache, or
 * CANCELLED when it was given up.
 */
export async function tryPlugin(directory: string, options: TrialOptions = {}): Promise<void> {
  const folder = join(directory, CACHE_FOLDER);
  const cache = join(folder, cacheName());
  let problem = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // What an attempt before has left half done.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const exit = await runOnce(directory, cache, options);
    const { signal } = options;
    if (signal?.aborted === true) throw new RuntimeError('CANCELLED', 'the trial of the plugin was given up');
    if (await isFile(cache)) return;
    problem = await reasonFor(cache, exit);
  }
  throw new RuntimeError(
    'BUILD_CACHE_MISSING',
    `the built plugin starts, and left no code cache in ${ATTEMPTS} attempts: ${problem}; --no-start builds without`,
    { details: { attempts: ATTEMPTS, problem } },
  );
}

/** One life of the plugin. Settles with how it ended. */
async function runOnce(directory: string, cache: string, options: TrialOptions): Promise<ProcessExit | undefined> {
  const { signal } = options;
  const { launcher, exit, close } = watchingLauncher();
  const host = createHost({ environment: createRealEnvironment({ logger: createSilentLogger() }), launcher });
  const giveUp = (): void => void Promise.all(host.plugins().map((plugin) => plugin.kill()));
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await host.launch(launchOf(directory, cache, options));
  } catch (error) {
    throw signal?.aborted === true ? error : failure(error);
  } finally {
    await host.stop({ deadlineMs: STOP_DEADLINE_MS });
    close();
    signal?.removeEventListener('abort', giveUp);
  }
  return exit();
}

function launchOf(directory: string, cache: string, options: TrialOptions): LaunchOptions {
  const { handshake, config, startTimeoutMs = START_TIMEOUT_MS, signal } = options;
  const writer = cacheWriter(join(directory, BUNDLE_FILE), cache);
  return {
    name: 'trial',
    command: process.execPath,
    args: [`--import=data:text/javascript,${encodeURIComponent(writer)}`, join(directory, ENTRY_FILE)],
    inheritEnv: Object.keys(process.env).filter((name) => !NOT_INHERITED.has(name)),
    compileCache: 'off',
    versions: VERSIONS,
    config,
    startTimeoutMs,
    stop: STOP,
    restart: 'never',
    ...(handshake === undefined ? {} : { handshake }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A host does not tell how a process ended that it has stopped. */
function watchingLauncher(): {
  readonly launcher: ProcessLauncher;
  readonly exit: () => ProcessExit | undefined;
  readonly close: () => void;
} {
  const launcher = createProcessLauncher();
  let exit: ProcessExit | undefined;
  return {
    launcher: {
      launch: async (spec) => {
        const running = await launcher.launch(spec);
        void running.exited.then((ended) => {
          exit = ended;
        });
        return running;
      },
    },
    exit: () => exit,
    close: () => launcher.close(),
  };
}

async function reasonFor(cache: string, exit: ProcessExit | undefined): Promise<string> {
  const told = await readFile(cache + FAILURE_ENDING, 'utf8').catch(() => undefined);
  if (told !== undefined) return `it could not be written (${told})`;
  return exit === undefined ? 'its process did not end' : `its process ${describeExit(exit)}`;
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}

function failure(error: unknown): RuntimeError {
  const { code, rawMessage } = RuntimeError.from(error);
  const stderrTail = error instanceof PluginCrashedError ? error.stderrTail : [];
  return new RuntimeError(
    'BUILD_TRIAL_FAILED',
    `the built plugin does not start [${code}]: ${rawMessage}${HINTS[code] ?? ''}`,
    { cause: error, details: { code, stderrTail } },
  );
}
