import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createHost, createRealEnvironment, service } from 'troupe';
import type { Host, HostFact } from 'troupe';
import { expect, onTestFinished, vi } from 'vitest';
import { createRecordingLogger } from '../../src/ports/index.ts';
import type { RecordingLogger } from '../../src/ports/index.ts';
import { AdderServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { launchPeer } from './launch.ts';
import type { PeerOptions, PeerPlugin } from './launch.ts';

/** The command of the test plugin that is made with the SDK. */
export const TS_PLUGIN: readonly [string, ...string[]] = [
  process.execPath,
  '--conditions=source',
  fixture('ts-plugin'),
];

/** What plugin processes get so that their lines count in a coverage run. */
export const COVERAGE_ENV: Readonly<Record<string, string>> =
  process.env['TROUPE_CHILD_COVERAGE'] === undefined ? {} : { NODE_V8_COVERAGE: process.env['TROUPE_CHILD_COVERAGE'] };

/** What a host serves to a plugin that calls back. */
export const ADDER = service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b }) });

/** A host and everything it tells. */
export interface TestHost {
  readonly host: Host;
  readonly log: RecordingLogger;
  readonly facts: readonly HostFact[];
  /** The directory in which the plugins' private directories are made. */
  readonly root: string;
}

/** A host that is stopped with the test; then no socket, file or directory of its plugins may be left. */
export function openHost(): TestHost {
  const opened = createTestHost(temporaryDirectory());
  onTestFinished(() => stopHost(opened));
  return opened;
}

/** A host that the caller stops by `stopHost`, as it removes the directory. */
export function createTestHost(root: string): TestHost {
  const log = createRecordingLogger();
  const host = createHost({ temporaryRoot: root, environment: createRealEnvironment({ logger: log }) });
  const facts: HostFact[] = [];
  host.onFact((fact) => facts.push(fact));
  return { host, log, facts, root };
}

/** Stops a host and its plugins. Idempotent. */
export async function stopHost({ host }: TestHost): Promise<void> {
  await host.stop({ deadlineMs: 5_000 });
}

/** Launches the Go plugin. Its restarts wait 10 to 100 ms only. */
export function launchGoPlugin(host: Host, options: PeerOptions): Promise<PeerPlugin> {
  return launchPeer(host, { backoff: { initialMs: 10, maxMs: 100 }, ...options });
}

/** A directory for sockets that must be empty when the test is over, unless the plugin was meant to end badly. */
export function temporaryDirectory({ mayLeaveFiles = false }: { readonly mayLeaveFiles?: boolean } = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-i-'));
  onTestFinished(() => {
    const left = mayLeaveFiles ? [] : readdirSync(directory, { recursive: true });
    rmSync(directory, { recursive: true, force: true });
    expect(left, 'left behind').toEqual([]);
  });
  return directory;
}

/** The directories and sockets below a directory. */
export function filesIn(root: string): { readonly directories: number; readonly sockets: number } {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  return {
    directories: entries.filter((entry) => entry.isDirectory()).length,
    sockets: entries.filter((entry) => entry.isSocket()).length,
  };
}

/** Waits for a fact that shows in what a host, a log or a process table tells; at most 5 s. */
export function until(assertion: () => void, timeoutMs = 5_000): Promise<void> {
  return vi.waitFor(assertion, { timeout: timeoutMs, interval: 5 });
}

/** The first failed call's error; fails the test when the call succeeds. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => expect.unreachable(`the call succeeded with ${String(value)}`),
    (error: unknown) => error,
  );
}

/** Everything that a stream brings. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Lets the plugin add over a connection that it dials itself. */
export async function addByCallback(plugin: PeerPlugin, value: bigint, key = 'counter'): Promise<bigint> {
  const callbackId = plugin.broker.nextId();
  const listener = await plugin.broker.accept(callbackId, [ADDER]);
  try {
    const { sum } = await plugin.dispense('counter').add({ callbackId, key, value });
    return sum;
  } finally {
    listener.close();
  }
}

/** Numbered requests, each sent when the one before was answered. */
export function createTurns(count: number) {
  let turn = Promise.withResolvers<void>();
  return {
    next: () => turn.resolve(),
    async *requests() {
      for (let index = 0; index < count; index += 1) {
        yield { text: `message ${index}` };
        await turn.promise;
        turn = Promise.withResolvers<void>();
      }
    },
  };
}

/** Starts a host process that waits to be killed, and waits for the process id of its plugin. */
export async function startDoomedHost(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ process: ChildProcess; plugin: number }> {
  const child = spawn(process.execPath, ['--conditions=source', fixture('doomed-host'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string | number | null];
  if (typeof line !== 'string') throw new Error(`the host ended with ${line} before its plugin was ready`);
  return { process: child, plugin: Number(line) };
}

// Helpers

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
}
