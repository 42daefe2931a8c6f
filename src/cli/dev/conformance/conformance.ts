// Runs a plugin and looks whether it does what a host relies on. Every row but the first three makes the plugin do
// something.
//
// Invariants:
//   C1. A row that fails ends none of the others that can still be looked at; what needs a running plugin is skipped when
//       none runs, with the reason.
//   C2. Nothing of the plugin runs when this settles.

import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import { createHost, readManifest } from '../../../host/index.ts';
import type { Host, LoadedManifest, Manifest } from '../../../host/index.ts';
import { isSensitive, permissionsOf } from '../../../policy/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../../ports/index.ts';
import type { Clock } from '../../../ports/index.ts';
import type {
  ConformanceReport,
  ConformanceRow,
  RowCheck,
  NamedRow,
  RowResult,
  RunningPlugin,
} from './conformance-row.ts';
import { eventRows } from './event-rows.ts';
import { kindRows } from './kind-rows.ts';

/** What is tested, and how. */
export interface ConformanceOptions {
  /** The plugin's files alone. */
  readonly directory: string;
  readonly clock: Clock;
  /** Executes operations and steps, too, and not only lists them. Default true. */
  readonly execute?: boolean;
  /** Milliseconds for one start. Default 20,000. */
  readonly startTimeoutMs?: number;
  /** Configuration of the plugin. */
  readonly config?: unknown;
  /** Hears of each row when it is over. */
  readonly onRow?: (row: ConformanceRow) => void;
}

const SKIPPED: RowResult = { verdict: 'skipped', detail: 'the plugin does not run' };
const START_TIMEOUT_MS = 20_000;
const STOP_DEADLINE_MS = 15_000;

/** Tests the plugin in a directory. Never rejects for what the plugin does. */
export async function testConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const rows: ConformanceRow[] = [];
  const run = async (id: string, check: RowCheck): Promise<ConformanceRow> => {
    const row = await timed(id, check, options.clock);
    rows.push(row);
    options.onRow?.(row);
    return row;
  };
  let loaded: LoadedManifest | undefined;
  await run('manifest.schema', async () => {
    loaded = await readManifest(options.directory);
  });
  if (loaded !== undefined) {
    const found = loaded;
    await run('bundle.layout', () => checkLayout(found));
    await run('manifest.permissions', () => checkPermissions(found.manifest));
    await runningRows(found, options, run);
  }
  const { name = '', version = '' } = loaded?.manifest ?? {};
  return { plugin: name, version, isConforming: rows.every(({ verdict }) => verdict !== 'failed'), rows };
}

/** The rows that need a process. */
async function runningRows(
  loaded: LoadedManifest,
  options: ConformanceOptions,
  run: (id: string, check: RowCheck) => Promise<ConformanceRow>,
): Promise<void> {
  const { manifest } = loaded;
  const host = quietHost();
  const refused: string[] = [];
  host.bus.facts.on('event.refused', ({ code, type = 'an event' }) => void refused.push(`${type} (${code})`));
  try {
    const starts = await run('starts', () => start(host, loaded, options));
    const plugin = host.plugin(manifest.name);
    // C1: the checks of a plugin that does not run are never called.
    const isRunning = starts.verdict !== 'failed' && plugin !== undefined;
    const { clock, execute = true } = options;
    const running = { host, plugin, manifest, clock, execute } as RunningPlugin;
    const rows: readonly NamedRow[] = [
      ['health', () => checkHealth(running)],
      ...kindRows(running),
      ...eventRows(running),
      ['permissions.match-usage', () => checkEmits(refused)],
      ['shutdown', () => checkShutdown(host)],
      ['init.idempotent', () => startAgain(loaded, options)],
    ];
    for (const [id, check] of rows) await run(id, isRunning ? check : () => SKIPPED);
  } finally {
    // C2.
    await host.stop({ deadlineMs: 0 });
  }
}

async function timed(id: string, check: RowCheck, clock: Clock): Promise<ConformanceRow> {
  const startedAt = clock.monotonic();
  const result = await resultOf(check);
  const durationMs = Math.round(clock.monotonic() - startedAt);
  return {
    id,
    verdict: 'passed',
    detail: '',
    ...(typeof result === 'string' ? { detail: result } : result),
    durationMs,
  };
}

async function resultOf(check: RowCheck): Promise<RowResult> {
  try {
    return await check();
  } catch (error) {
    const { code, rawMessage, details } = RuntimeError.from(error);
    const problems = Array.isArray(details['problems']) ? `: ${details['problems'].join('; ')}` : '';
    const tail = Array.isArray(details['stderrTail']) ? (details['stderrTail'] as string[]) : [];
    return failed(`[${code}] ${rawMessage}${problems}`, tail);
  }
}

function failed(detail: string, stderr: readonly string[] = []): RowResult {
  return { verdict: 'failed', detail, ...(stderr.length === 0 ? {} : { stderr }) };
}

function checkEmits(refused: readonly string[]): RowResult {
  if (refused.length === 0) return undefined;
  return failed(`emits what its permissions do not allow: ${refused.join(', ')}`);
}

function quietHost(): Host {
  return createHost({ environment: createRealEnvironment({ logger: createSilentLogger() }) });
}

/** Whether all that the manifest names is there, and within the plugin. */
async function checkLayout({ manifest, directory, file }: LoadedManifest): Promise<RowResult> {
  const { run, migrations } = manifest;
  const named = [run.node, run.command?.includes('/') === true ? run.command : undefined, migrations?.directory];
  for (const path of named) {
    if (path === undefined) continue;
    const at = resolve(directory, path);
    if (!at.startsWith(resolve(directory))) return failed(`${path} lies outside of the plugin`);
    const stats = await stat(at).catch(() => undefined);
    if (stats === undefined) return failed(`${path} is not among the files of the plugin`);
    if (path === run.command && (stats.mode & 0o111) === 0) return failed(`${path} cannot be executed`);
  }
  await readFile(join(directory, file.slice(directory.length)));
  return undefined;
}

function checkPermissions(manifest: Manifest): RowResult {
  const permissions = permissionsOf(manifest);
  const sensitive = permissions.filter((permission) => isSensitive(permission));
  if (sensitive.length === 0) return `${permissions.length} permissions`;
  return { verdict: 'warning', detail: `needs consent to ${sensitive.join(', ')}` };
}

async function start(host: Host, { manifest, file }: LoadedManifest, options: ConformanceOptions): Promise<RowResult> {
  const { startTimeoutMs = START_TIMEOUT_MS, config } = options;
  // Without its last words nobody would know why it does not start.
  let words: readonly string[] = [];
  const stopListening = host.onFact((fact) => {
    if (fact.type === 'plugin.failed') words = fact.stderrTail;
  });
  const { failed: failures } = await host.start({
    manifests: [file],
    launch: { [manifest.name]: { restart: 'never', startTimeoutMs } },
    ...(config === undefined ? {} : { config: { [manifest.name]: config } }),
  });
  stopListening();
  const [failure] = failures;
  if (failure !== undefined) return failed(`[${failure.code}] ${failure.message}`, words);
  const { startMs } = host.plugin(manifest.name)?.status() ?? {};
  return startMs === undefined ? undefined : `after ${Math.round(startMs)} ms`;
}

function checkHealth({ plugin }: RunningPlugin): RowResult {
  const { state, failure } = plugin.status();
  return state === 'ready' ? undefined : failed(`is ${state}${failure === undefined ? '' : `: ${failure.message}`}`);
}

/** A second process is initialised as the first one was: nothing of the first may be needed, or be in the way. */
async function startAgain(loaded: LoadedManifest, options: ConformanceOptions): Promise<RowResult> {
  const host = quietHost();
  try {
    return await start(host, loaded, options);
  } finally {
    await host.stop({ deadlineMs: STOP_DEADLINE_MS });
  }
}

async function checkShutdown(host: Host): Promise<RowResult> {
  const { forced } = await host.stop({ deadlineMs: STOP_DEADLINE_MS });
  return forced.length === 0 ? undefined : failed(`did not end within ${STOP_DEADLINE_MS} ms, and was killed`);
}
