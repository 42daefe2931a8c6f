// The development endpoints of a host, for its listener. A host has them only when it is started for development.
//
// Invariants:
//   R1. Every route needs the listener's token.
//   R2. What reads uploads is loaded with the first one.

import type { IsSensitiveCapability } from '../../policy/index.ts';
import type { Clock, Logger } from '../../ports/index.ts';
import type { Lifecycle } from '../lifecycle/types.ts';
import type { OpsRoute } from '../ops/ops-handler.ts';
import type { AppliedOutcome } from './apply-upload.ts';
import type { DevLogSource } from './read-logs.ts';
import { MAX_UPLOAD_BYTES } from './upload-limits.ts';
import { createUploadTurns } from './upload-turns.ts';

/** What the endpoints work on. */
export interface DevRoutesOptions {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: there is no log endpoint. */
  readonly logs?: DevLogSource | undefined;
  /** Default: every capability is sensitive. */
  readonly isSensitiveCapability?: IsSensitiveCapability | undefined;
  /** Where bundles are unpacked. Default: the system's directory for temporary files. */
  readonly workDirectory?: string | undefined;
  /** Milliseconds that an upload may take, with its start. Default 120,000. */
  readonly installTimeoutMs?: number | undefined;
}

/** The endpoints. */
export interface DevRoutes {
  readonly routes: readonly OpsRoute[];
  /** Settles when no upload is worked on any more. */
  idle(): Promise<void>;
}

const INSTALL_TIMEOUT_MS = 120_000;
const LOGS_TIMEOUT_MS = 30_000;

/** Makes the endpoints. Whoever stops the host waits for `idle` first. */
export function createDevRoutes(options: DevRoutesOptions): DevRoutes {
  const { log, logs, clock, installTimeoutMs = INSTALL_TIMEOUT_MS } = options;
  const turns = createUploadTurns<AppliedOutcome>();
  const onError = (error: unknown): void => log.log('error', 'an upload failed within the host', { error });
  const install: OpsRoute = {
    method: 'POST',
    path: '/_/plugins/dev/install',
    maxBodyBytes: MAX_UPLOAD_BYTES,
    timeoutMs: installTimeoutMs,
    handler: async (request) => {
      const { installUpload } = await import('./install-upload.ts');
      return installUpload(request, { ...options, turns, onError });
    },
  };
  const status: OpsRoute = {
    method: 'GET',
    path: '/_/plugins/dev/status',
    handler: async (request) => {
      const { readStatus } = await import('./read-status.ts');
      return readStatus(request, options.lifecycle);
    },
  };
  const routes = [install, status];
  if (logs !== undefined) {
    routes.push({
      method: 'GET',
      path: '/_/plugins/dev/logs',
      timeoutMs: LOGS_TIMEOUT_MS,
      handler: async (request) => {
        const { readLogs } = await import('./read-logs.ts');
        return readLogs(request, { logs, clock });
      },
    });
  }
  return { routes, idle: () => turns.idle() };
}
