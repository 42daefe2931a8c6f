import { KILL_TIMEOUT_MS } from '../../machines/index.ts';
import { resolveProcessPolicy } from '../../policy/index.ts';
import type { ProcessPolicy } from '../../policy/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type { Manifest } from '../manifest/index.ts';
import type { WorkContextParts } from './work-context.ts';

type LimitParts = Pick<WorkContextParts, 'plugin' | 'manifests' | 'launchOptions'>;

/** Milliseconds that a plugin has for its stop when nobody says otherwise. */
export const DEFAULT_STOP_LIMIT_MS = stopLimit(resolveProcessPolicy());

/**
 * Milliseconds that a version has for its start and for its stop together, by its manifest and by what the host's owner
 * says of it. Undefined when that cannot be read: then the step that reads it again says why.
 */
export function limitOf(parts: LimitParts, manifest: Pick<Manifest, 'deadlines'>): number | undefined {
  const policy = policyOf(parts, manifest);
  return policy && policy.startTimeoutMs + stopLimit(policy);
}

/** The same for the version of a row. */
export async function limitOfRow(parts: LimitParts, row: PluginRow | undefined): Promise<number | undefined> {
  const manifest = await manifestOf(parts, row);
  return manifest && limitOf(parts, manifest);
}

/** Milliseconds for the stop alone; the default when there is no row, or when it cannot be read. */
export async function stopLimitOfRow(parts: LimitParts, row: PluginRow | undefined): Promise<number> {
  const manifest = await manifestOf(parts, row);
  const policy = manifest && policyOf(parts, manifest);
  return policy === undefined ? DEFAULT_STOP_LIMIT_MS : stopLimit(policy);
}

function policyOf(parts: LimitParts, { deadlines }: Pick<Manifest, 'deadlines'>): ProcessPolicy | undefined {
  try {
    const { startTimeoutMs = deadlines.startMs, stop } = parts.launchOptions(parts.plugin);
    const { drainMs, graceMs, terminateMs } = { ...deadlines, ...stop };
    return resolveProcessPolicy({
      ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
      stop: {
        ...(drainMs === undefined ? {} : { drainMs }),
        ...(graceMs === undefined ? {} : { graceMs }),
        ...(terminateMs === undefined ? {} : { terminateMs }),
      },
    });
  } catch {
    return undefined;
  }
}

function stopLimit({ stop }: Pick<ProcessPolicy, 'stop'>): number {
  return stop.drainMs + stop.graceMs + stop.terminateMs + KILL_TIMEOUT_MS;
}

async function manifestOf({ manifests }: LimitParts, row: PluginRow | undefined): Promise<Manifest | undefined> {
  return row && manifests.of(row).catch(() => undefined);
}
