// A host for development within the test: its lifecycle, its listener and its logs, with a store in memory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createDevRoutes, createHost, openOpsListener, provideSdk } from '../../../src/host/index.ts';
import type { Host } from '../../../src/host/index.ts';
import { createArtifactStore } from '../../../src/host/bundles/index.ts';
import { createLifecycle } from '../../../src/host/lifecycle/index.ts';
import type { Lifecycle } from '../../../src/host/lifecycle/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../../src/ports/index.ts';
import { createMemoryStore } from '../../../src/stores/index.ts';

/** What the test can look at. */
export interface DevHost {
  readonly url: string;
  readonly token: string;
  readonly host: Host;
  readonly lifecycle: Lifecycle;
  /** What an operation of a plugin returns. */
  call(plugin: string, operation: string, input?: unknown): Promise<unknown>;
}

/** Starts one; it goes with the test. */
export async function startDevHost({ token = 'dev-token' }: { readonly token?: string } = {}): Promise<DevHost> {
  const root = mkdtempSync(join(tmpdir(), 'dev-host-'));
  const environment = createRealEnvironment({ logger: createSilentLogger() });
  const host = createHost({ environment });
  await provideSdk(root);
  const lifecycle = createLifecycle({
    host,
    store: createMemoryStore({ clock: environment.clock }),
    artifacts: createArtifactStore({ root: join(root, 'artifacts'), environment }),
    dataRoot: join(root, 'data'),
    times: { probationMs: 0 },
  });
  await lifecycle.boot();
  const { clock, log } = environment;
  const dev = createDevRoutes({ lifecycle, clock, log, workDirectory: root });
  const listener = await openOpsListener({ port: 0, routes: dev.routes, token, clock, log });
  onTestFinished(async () => {
    await dev.idle();
    await listener.close();
    await lifecycle.stop();
    await host.stop();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    url: listener.url,
    token,
    host,
    lifecycle,
    call: async (plugin, operation, input) => lifecycle.plugin(plugin)?.operations().execute(operation, input),
  };
}
