// The admin service over what the host consists of.
//
// Invariants:
//   A1. What changes something needs a principal.
//   A2. What goes wrong within a call is in its response, with its code; a status says that nothing was done.
//   A3. At most `MAX_TAILS` callers follow logs at one time.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { AdminServiceService, CheckStatus } from '../../gen/troupe/admin/v1/admin.ts';
import type {
  AdminError,
  PluginInfo,
  SetLogLevelRequest,
  SetLogLevelResponse,
  TailLogsRequest,
  TailLogsResponse,
} from '../../gen/troupe/admin/v1/admin.ts';
import { service } from '../../ports/index.ts';
import type { LogLevel, ServedService } from '../../ports/index.ts';
import { isLogLevel, LOG_LEVELS } from '../logs/index.ts';
import type { PluginLogs } from '../logs/index.ts';
import type { AdminPorts, HostCheck } from './admin-ports.ts';
import { listContracts } from './contracts.ts';
import { hostHealth } from './host-health.ts';
import { auditMessage, errorMessage, logMessage, pluginMessage } from './messages.ts';
import { operationMethods } from './operation-methods.ts';
import { principalOf } from './principal.ts';

const AUDIT_ENTRIES = 100;
const MOST_AUDIT_ENTRIES = 1000;
const MAX_TAILS = 64;

/** Makes the service. Who follows logs is let go when `closing` aborts: such a call has no end of its own. */
export function adminService(ports: AdminPorts, closing: AbortSignal): ServedService<typeof AdminServiceService> {
  const { lifecycle, logs } = ports;
  const tails = { open: 0 };
  return service(AdminServiceService, {
    ...operationMethods(lifecycle, logs),
    listPlugins: () =>
      orError(
        async () => {
          const installed = await lifecycle.rows();
          return { plugins: installed.map(({ row, process }) => pluginMessage(row, process)) };
        },
        { plugins: [] },
      ),
    getPlugin: ({ name }) =>
      orError<{ plugin: PluginInfo | undefined }>(
        async () => {
          const { row, process, versions } = await lifecycle.get(name);
          return { plugin: pluginMessage(row, process, versions) };
        },
        { plugin: undefined },
      ),
    listAudit: ({ plugin, after, limit }) =>
      orError(
        async () => {
          const wanted = limit === 0 ? AUDIT_ENTRIES : Math.min(limit, MOST_AUDIT_ENTRIES);
          const entries = await lifecycle.audit(plugin, Number(after), wanted);
          return { entries: entries.map(auditMessage) };
        },
        { entries: [] },
      ),
    verifyAudit: ({ plugin }) =>
      orError(
        async () => {
          const chains = await offered(ports.verifyAudit, 'audit')(plugin === '' ? undefined : plugin);
          return {
            chains: chains.map(({ plugin: name, entries, unsealed, problem }) => ({
              plugin: name,
              entries: BigInt(entries),
              unsealed: BigInt(unsealed),
              problem: problem?.message ?? '',
              problemAt: BigInt(problem?.sequence ?? 0),
            })),
          };
        },
        { chains: [] },
      ),
    tailLogs: (request, { signal }) => tail(logs, request, AbortSignal.any([signal, closing]), tails),
    setLogLevel: (request, context) => {
      principalOf(context.metadata);
      return setLogLevel(logs, request);
    },
    reloadConfiguration: (_, context) => {
      principalOf(context.metadata);
      return orError(
        async () => {
          const { applied, pending } = await offered(ports.reload, 'configuration')();
          return { applied: [...applied], pending: [...pending] };
        },
        { applied: [], pending: [] },
      );
    },
    diagnose: async () => ({ checks: ((await ports.diagnose?.()) ?? []).map(checkMessage) }),
    listContracts: () => orError(async () => ({ plugins: await listContracts(lifecycle) }), { plugins: [] }),
    getHealth: async () => {
      const { isReady, problems, states } = await hostHealth(lifecycle);
      const { version, hostId, startedAt } = ports.facts;
      return {
        ready: isReady,
        version,
        pid: process.pid,
        hostId,
        startedAt: BigInt(startedAt),
        plugins: [...states],
        problems: [...problems],
      };
    },
  });
}

/** A2. */
async function orError<T extends object>(
  work: () => Promise<T>,
  nothing: T,
): Promise<T & { error: AdminError | undefined }> {
  try {
    return { ...(await work()), error: undefined };
  } catch (error) {
    return { ...nothing, error: errorMessage(error) };
  }
}

function offered<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new RuntimeError('UNIMPLEMENTED', `this host has no ${what}`);
  return part;
}

/** A3. */
async function* tail(
  logs: PluginLogs,
  { plugin, after, lines, follow, level }: TailLogsRequest,
  signal: AbortSignal,
  tails: { open: number },
): AsyncGenerator<TailLogsResponse, void> {
  if (signal.aborted) throw new RuntimeError('HOST_STOPPED', 'the host is about to end');
  if (tails.open >= MAX_TAILS) throw new RuntimeError('RESOURCE_EXHAUSTED', `${MAX_TAILS} callers follow logs already`);
  tails.open += 1;
  try {
    const options = {
      plugin: plugin === '' ? undefined : plugin,
      after: after === 0n ? undefined : Number(after),
      lines: lines === 0 ? undefined : lines,
      level: level === '' ? undefined : levelOf(level),
      follow,
      signal,
    };
    for await (const item of logs.tail(options)) yield logMessage(item);
  } finally {
    tails.open -= 1;
  }
}

function setLogLevel({ hub }: PluginLogs, { plugin, level }: SetLogLevelRequest): SetLogLevelResponse {
  let error: AdminError | undefined;
  try {
    if (plugin === '' && level === '') throw new InvalidOptionsError('level', 'is missing');
    hub.setLevel(plugin === '' ? undefined : plugin, level === '' ? undefined : levelOf(level));
  } catch (reason) {
    error = errorMessage(reason);
  }
  const levels = hub.levels();
  const plugins = [...levels.plugins].map(([name, own]) => ({ plugin: name, level: own }));
  return { level: levels.level, plugins: plugins.sort((a, b) => (a.plugin < b.plugin ? -1 : 1)), error };
}

function levelOf(text: string): LogLevel {
  if (isLogLevel(text)) return text;
  throw new InvalidOptionsError('level', `must be one of ${LOG_LEVELS.join(', ')}, got ${text}`);
}

function checkMessage({ status, name, message, details }: HostCheck): {
  name: string;
  status: CheckStatus;
  message: string;
  details: string[];
} {
  const statuses = {
    ok: CheckStatus.CHECK_STATUS_OK,
    warning: CheckStatus.CHECK_STATUS_WARNING,
    failed: CheckStatus.CHECK_STATUS_FAILED,
  } as const;
  return { name, status: statuses[status], message, details: [...details] };
}
