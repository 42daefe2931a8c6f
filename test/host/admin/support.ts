// Helpers for tests of the admin service: a lifecycle that does what it is told, and a real socket.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AdminServiceService } from '../../../src/gen/troupe/admin/v1/admin.ts';
import type { OperationReport } from '../../../src/gen/troupe/admin/v1/admin.ts';
import { PRINCIPAL_FIELD, principalField, serveAdmin } from '../../../src/host/admin/index.ts';
import type { AdminOptions, AdminServer } from '../../../src/host/admin/index.ts';
import type { Lifecycle } from '../../../src/host/lifecycle/types.ts';
import { openPluginLogs } from '../../../src/host/logs/index.ts';
import type { PluginLogs } from '../../../src/host/logs/index.ts';
import { createRealClock } from '../../../src/ports/index.ts';
import type { CallOptions, ServiceClient } from '../../../src/ports/index.ts';
import type { PluginRow } from '../../../src/ports/lifecycle-store.ts';
import { createGrpcConnection, createServiceClient } from '../../../src/transport/index.ts';

/** A served admin service, and a client of it. */
export interface TestAdmin {
  readonly server: AdminServer;
  readonly service: ServiceClient<typeof AdminServiceService>;
  readonly logs: PluginLogs;
  readonly socketPath: string;
  readonly directory: string;
}

/** Says that Ada calls. */
export const AS_ADA: CallOptions = { metadata: { [PRINCIPAL_FIELD]: principalField('ada') } };

/** A row of a plugin. */
export function rowOf(change: Partial<PluginRow> = {}): PluginRow {
  return {
    slug: 'kv',
    incarnation: 'i-1',
    version: '1.2.0',
    abiVersion: 1,
    manifest: '{}',
    digest: 'd'.repeat(64),
    state: 'active',
    permissions: ['events.emit:order.*'],
    awaitingConsent: [],
    trips: [],
    failure: undefined,
    errorAt: undefined,
    installedAt: 1000,
    activatedAt: 2000,
    rowVersion: 3,
    updatedAt: 2000,
    ...change,
  };
}

/** A lifecycle of which only the given methods work. */
export function fakeLifecycle(methods: Partial<Lifecycle> = {}): Lifecycle {
  const refuse = (): never => {
    throw new RangeError('the test calls what it does not expect');
  };
  return {
    boot: refuse,
    install: refuse,
    activate: refuse,
    deactivate: refuse,
    update: refuse,
    rollback: refuse,
    reset: refuse,
    quarantine: refuse,
    uninstall: refuse,
    consent: refuse,
    get: refuse,
    list: async () => [],
    rows: async () => methods.list?.() ?? [],
    plugin: () => undefined,
    audit: refuse,
    onFact: () => () => {},
    stop: async () => {},
    ...methods,
  };
}

/** A directory with a short name that only this user can enter. */
export function privateDirectory(): string {
  const directory = mkdtempSync('/tmp/ta-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Serves over a real socket. */
export async function adminForTest(
  methods: Partial<Lifecycle> = {},
  options: Partial<AdminOptions> = {},
): Promise<TestAdmin> {
  const directory = privateDirectory();
  const socketPath = join(directory, 'admin.sock');
  const clock = createRealClock();
  const logs = await openPluginLogs({ clock, directory: join(directory, 'logs') });
  const server = await serveAdmin({
    lifecycle: fakeLifecycle(methods),
    logs,
    clock,
    socketPath,
    facts: { version: '9.9.9', hostId: 'host-1', startedAt: 5 },
    ...options,
  });
  const connection = createGrpcConnection({ target: { network: 'unix', path: socketPath }, clock });
  onTestFinished(async () => {
    connection.close();
    await server.close();
    await logs.close();
  });
  return { server, service: createServiceClient(AdminServiceService, connection), logs, socketPath, directory };
}

/** All reports of an operation, as short texts and the last one as it is. */
export async function reportsOf(
  reports: AsyncIterable<{ readonly report?: OperationReport | undefined }>,
): Promise<NonNullable<OperationReport['report']>[]> {
  const all: NonNullable<OperationReport['report']>[] = [];
  for await (const { report } of reports) if (report?.report !== undefined) all.push(report.report);
  return all;
}
