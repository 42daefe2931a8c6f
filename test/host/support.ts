// Helpers for tests that run a host against real plugin processes.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { PluginCrashedError } from '../../src/errors/index.ts';
import { createHost } from '../../src/host/index.ts';
import type { Host, HostFact, HostOptions, LaunchOptions, Plugin } from '../../src/host/index.ts';
import { createRealEnvironment, createRecordingLogger } from '../../src/ports/index.ts';
import type { Clock, RecordingLogger, ServiceClient, TimerHandle } from '../../src/ports/index.ts';
import { CounterServiceService, KvServiceService, ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { isAlive, waitFor as waitForFact } from '../transport/process/support.ts';
import type { OddBehaviour } from './fixtures/odd-plugin.ts';
import type { ProbeOptions } from './fixtures/probe-plugin.ts';

/** Time for a fact to come true on a slow machine. */
export const DEADLINE_MS = 10_000;

/** The services of the probe plugin. */
export const SERVICES = { kv: KvServiceService, probe: ProbeServiceService, counter: CounterServiceService } as const;

/** The probe plugin, launched. */
export type ProbePlugin = Plugin<typeof SERVICES>;

/** Waits for a fact, by looking, for at most 10 s. */
export function waitFor(what: string, fact: () => boolean, deadlineMs: number = DEADLINE_MS): Promise<void> {
  return waitForFact(what, fact, deadlineMs);
}

/** Variables for a child process: the given ones, and what makes its coverage count. */
export function childEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const directory = process.env['TROUPE_CHILD_COVERAGE'];
  return { ...(directory === undefined ? {} : { NODE_V8_COVERAGE: directory }), ...extra };
}

/** Path of a fixture, by its name. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url));
}

/** Command and arguments that run a fixture; what it shall do is told as JSON. */
export function nodeCommand(name: string, order: unknown): { readonly command: string; readonly args: string[] } {
  return { command: process.execPath, args: ['--conditions=source', fixture(name), JSON.stringify(order)] };
}

/** A host, and ways to look at what it leaves behind. */
export interface TestHost {
  readonly host: Host;
  readonly log: RecordingLogger;
  /** All facts so far. */
  readonly facts: readonly HostFact[];
  /** Where its private directories are. */
  readonly root: string;
  /** Launches the plugin that can do everything. */
  probe(options?: Partial<LaunchOptions>, order?: ProbeOptions): Promise<ProbePlugin>;
  /** Launches a process that is no proper plugin. */
  odd(behaviour: OddBehaviour, options?: Partial<LaunchOptions>): Promise<Plugin>;
  /** Pids of the living processes that its launches started, their descendants included. */
  processes(): number[];
  /** What it holds: processes, private directories, armed timers of its clock, handles of this process. */
  holdings(): Holdings;
  /** Waits until it holds no more than that. */
  holdsOnly(expected: Holdings): Promise<void>;
}

/** Everything that a host can leave behind. */
export interface Holdings {
  readonly processes: number;
  readonly directories: number;
  readonly timers: number;
  readonly handles: number;
}

/** Names of temporary files are short, because paths of sockets must be. */
const ROOT_PREFIX = '/tmp/th-';
/** Not files and one-off requests: those end by themselves. */
const HANDLES = /^(?:ProcessWrap|PipeWrap|PipeServerWrap|TCPSocketWrap|TCPServerWrap|TTYWrap|Worker|FSEventWrap)$/;

/** A host that is stopped at the end of the test, with nothing of it left. Its plugins have short time limits. */
export function hostForTest(options: HostOptions = {}): TestHost {
  const test = createTestHost(options);
  onTestFinished(test.close);
  return test;
}

/** As `hostForTest`, for several tests: whoever makes it calls `close`. */
export function createTestHost(options: HostOptions = {}): TestHost & { readonly close: () => Promise<void> } {
  const root = mkdtempSync(ROOT_PREFIX);
  const log = createRecordingLogger({ capacity: 100_000 });
  const { clock, armed } = countTimers(createRealEnvironment().clock);
  const environment = { ...createRealEnvironment({ logger: log }), clock };
  const host = createHost({ environment, temporaryRoot: root, ...options });
  const facts: HostFact[] = [];
  host.onFact((fact) => facts.push(fact));
  // Inherited by all descendants of a plugin, so that they are found wherever they went.
  const mark = `TROUPE_TEST_MARK=${randomUUID()}`;
  const marked = (env: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const [name = '', value = ''] = mark.split('=');
    return childEnv({ [name]: value, ...env });
  };
  const processes = (): number[] => processesWith(mark);
  const holdings = (): Holdings => ({
    processes: processes().length,
    directories: readdirSync(root).length,
    timers: armed(),
    handles: process.getActiveResourcesInfo().filter((kind) => HANDLES.test(kind)).length,
  });
  return {
    host,
    log,
    facts,
    root,
    processes,
    holdings,
    probe: (launch = {}, order = {}) =>
      host.launch({
        name: 'probe',
        services: SERVICES,
        ...nodeCommand('probe-plugin', order),
        ...SHORT,
        ...launch,
        env: marked(launch.env),
      }) as Promise<ProbePlugin>,
    odd: (behaviour, launch = {}) =>
      host.launch({
        name: 'odd',
        ...nodeCommand('odd-plugin', behaviour),
        ...SHORT,
        ...launch,
        env: marked(launch.env),
      }),
    holdsOnly: (expected) => settleOn(expected, holdings),
    async close() {
      await host.stop();
      await waitFor('all processes of the host are gone', () => processes().length === 0);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Short limits where tests wait for them to pass, long ones where they must not pass on a slow machine. */
const SHORT = {
  startTimeoutMs: 20_000,
  health: { intervalMs: 60_000 },
  stop: { drainMs: 200, graceMs: 5_000, terminateMs: 5_000 },
  backoff: { initialMs: 20, jitter: 'none' },
} as const;

/** The error that a promise rejects with; fails when it does not, or with anything that has no code. */
export async function failureOf(promise: Promise<unknown>): Promise<PluginCrashedError> {
  const outcome = await promise.then(
    () => ({ error: new Error('it did not fail') }),
    (error: unknown) => ({ error }),
  );
  if (!(outcome.error instanceof Error && 'code' in outcome.error)) throw outcome.error;
  return outcome.error as PluginCrashedError;
}

/** What the probe plugin noted under a name: `init`, `env` or `shutdown`. */
export async function noteOf(plugin: ProbePlugin, name: string): Promise<unknown> {
  const { value } = await (plugin.dispense('kv') as ServiceClient<typeof KvServiceService>).get({ key: name });
  return JSON.parse(value.toString()) as unknown;
}

/** Requests that never end, after the given ones. `released` settles when their reader lets go of them. */
export function endless<T>(...first: T[]): AsyncIterable<T> & { readonly released: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = [...first];
  const iterator: AsyncIterator<T> = {
    next() {
      const value = waiting.shift();
      return value === undefined ? new Promise(() => {}) : Promise.resolve({ done: false, value });
    },
    return() {
      resolve();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { released: promise, [Symbol.asyncIterator]: () => iterator };
}

/** The next fact of a type, or the first of those that came already. */
export async function factOf<Type extends HostFact['type']>(
  test: TestHost,
  type: Type,
  count = 1,
): Promise<HostFact & { readonly type: Type }> {
  const found = (): (HostFact & { readonly type: Type })[] =>
    test.facts.filter((fact): fact is HostFact & { readonly type: Type } => fact.type === type);
  await waitFor(`${count} × ${type}`, () => found().length >= count);
  return found()[count - 1] as HostFact & { readonly type: Type };
}

// Helpers

async function settleOn(expected: Holdings, holdings: () => Holdings): Promise<void> {
  const isReached = (): boolean => {
    const now = holdings();
    return (Object.keys(expected) as (keyof Holdings)[]).every((kind) => now[kind] <= expected[kind]);
  };
  try {
    await waitFor('nothing is left', isReached);
  } catch (cause) {
    throw new Error(`left ${JSON.stringify(holdings())} instead of ${JSON.stringify(expected)}`, { cause });
  }
}

/** Living processes whose environment has the variable. */
export function processesWith(variable: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(variable) && isAlive(pid);
    } catch {
      return false; // gone, or somebody else's
    }
  });
}

/** A clock that knows how many of its timers would keep a process going. */
function countTimers(real: Clock): { readonly clock: Clock; readonly armed: () => number } {
  const armed = new Set<TimerHandle>();
  const clock: Clock = {
    now: () => real.now(),
    monotonic: () => real.monotonic(),
    setTimeout(callback, delayMs, options) {
      const fire = (): void => {
        armed.delete(handle);
        callback();
      };
      const handle = real.setTimeout(fire, delayMs, options);
      if (options?.unref !== true) armed.add(handle);
      return handle;
    },
    clearTimeout(handle) {
      if (handle !== undefined) armed.delete(handle);
      real.clearTimeout(handle);
    },
  };
  return { clock, armed: () => armed.size };
}
