// Health of a plugin, by gRPC's own health protocol. go-plugin's hosts ask for the service named `plugin`.

import { RuntimeError } from '../../errors/index.ts';
import { HealthCheckResponse_ServingStatus, HealthService } from '../../gen/grpc/health/v1/health.ts';
import type { HealthCheckResponse } from '../../gen/grpc/health/v1/health.ts';
import type { CallOptions, PluginConnection } from '../../ports/plugin-connection.ts';
import { service } from '../../ports/service.ts';
import type { CallContext, ServedService } from '../../ports/service.ts';

/** The name under which plugins report their health. */
export const PLUGIN_HEALTH_SERVICE = 'plugin';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

/** The plugin's side. */
export interface PluginHealth {
  /** What to serve. */
  readonly service: ServedService;
  /** Sets what is answered from now on, for `plugin` and for the server as a whole (the empty name). */
  setServing(serving: boolean): void;
  /** Ends the streams of all watchers, which would hold up a drain. Idempotent. */
  close(): void;
}

/** Makes the plugin's side. It reports SERVING until it is told otherwise. */
export function healthService(): PluginHealth {
  let status: HealthCheckResponse['status'] = SERVING;
  const watchers = new Set<() => void>();
  let closed = false;
  const wakeAll = (): void => {
    for (const wake of watchers) wake();
  };
  const isKnown = (name: string): boolean => name === '' || name === PLUGIN_HEALTH_SERVICE;
  return {
    service: service(HealthService, {
      check: ({ service: name }) => {
        if (isKnown(name)) return { status };
        throw new RuntimeError('NOT_FOUND', `unknown service "${name}"`);
      },
      watch: ({ service: name }, context) =>
        watch(context, watchers, () => (closed ? undefined : isKnown(name) ? status : SERVICE_UNKNOWN)),
    }),
    setServing: (serving) => {
      status = serving ? SERVING : NOT_SERVING;
      wakeAll();
    },
    close: () => {
      closed = true;
      wakeAll();
    },
  };
}

/**
 * Sends the status now and whenever it has changed, until there is none. A caller that reads slowly misses what lay
 * between.
 */
async function* watch(
  { signal }: CallContext,
  watchers: Set<() => void>,
  current: () => HealthCheckResponse['status'] | undefined,
): AsyncGenerator<HealthCheckResponse> {
  let wake = (): void => {};
  const notify = (): void => wake();
  watchers.add(notify);
  signal.addEventListener('abort', notify, { once: true });
  try {
    let told: HealthCheckResponse['status'] | undefined;
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const status = current();
      if (status === undefined) return;
      if (status !== told) yield { status };
      told = status;
      // A change during the yield has resolved the promise already.
      await changed;
    }
  } finally {
    watchers.delete(notify);
    signal.removeEventListener('abort', notify);
  }
}

/** Resolves when the plugin reports that it serves. Rejects with `PROBE_FAILED` for anything else. */
export async function checkHealth(
  connection: PluginConnection,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const options: CallOptions = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  let response: HealthCheckResponse;
  try {
    response = await connection.unary(HealthService.check, { service: PLUGIN_HEALTH_SERVICE }, options);
  } catch (cause) {
    const { code, rawMessage } = RuntimeError.from(cause);
    throw new RuntimeError('PROBE_FAILED', `the health check of the plugin failed: ${code}, ${rawMessage}`, { cause });
  }
  if (response.status === SERVING) return;
  throw new RuntimeError(
    'PROBE_FAILED',
    `the plugin reports health status ${nameOf(response.status)} instead of SERVING`,
  );
}

function nameOf(status: HealthCheckResponse['status']): string {
  const entry = Object.entries(HealthCheckResponse_ServingStatus).find(([, value]) => value === status);
  return entry?.[0] ?? String(status);
}
