// Which hosts and plugins are compared with each other.

import type { GoBenchPeers } from '../peers/go-bench.ts';
import type { Workshop } from '../plugins/workshop.ts';
import type { BatchKind } from './batches.ts';
import { BATCH_KINDS } from './batches.ts';
import { startDriver } from './driver-process.ts';
import type { DriverProcess } from './driver-process.ts';

/** Two or more drivers that do the same work in turns. */
export interface Group {
  /** Start of the names of its metrics, such as `rpc.ts`. */
  readonly prefix: string;
  /** What is measured, in words. */
  readonly own: string;
  /** What it is compared with. */
  readonly peer: string;
  readonly needsGo: boolean;
  start(side: 'own' | 'peer', parts: GroupParts): Promise<DriverProcess>;
}

/** What drivers are made of. */
export interface GroupParts {
  readonly workshop: Workshop;
  /** Undefined where no group needs it. */
  readonly go: GoBenchPeers | undefined;
}

const TROUPE_DRIVER = new URL('troupe-driver.ts', import.meta.url).pathname;
const RAW_DRIVER = new URL('raw-driver.ts', import.meta.url).pathname;

/** All groups, the headline ones first. */
export const GROUPS: readonly Group[] = [
  {
    prefix: 'rpc.ts',
    own: 'troupe host and troupe plugin',
    peer: 'grpc-js client and server',
    needsGo: false,
    start: (side, { workshop }) => startTs(side, workshop, []),
  },
  {
    prefix: 'rpc.go',
    own: 'troupe host and Go plugin',
    peer: 'grpc-js client and the same Go plugin',
    needsGo: true,
    start: (side, { go }) => startHost(side === 'own' ? TROUPE_DRIVER : RAW_DRIVER, ['--go'], [go?.plugin ?? '']),
  },
  {
    prefix: 'rpc.ts-mtls',
    own: 'troupe host and troupe plugin, mutual TLS',
    peer: 'grpc-js client and server, mutual TLS',
    needsGo: false,
    start: (side, { workshop }) => startTs(side, workshop, ['--mtls']),
  },
  {
    prefix: 'rpc.go-host',
    own: 'troupe host and Go plugin',
    peer: 'Go host and the same Go plugin',
    needsGo: true,
    start: (side, { go }) =>
      side === 'own'
        ? startHost(TROUPE_DRIVER, ['--go'], [go?.plugin ?? ''])
        : startDriver(go?.host ?? '', ['--', go?.plugin ?? '']),
  },
];

/** Name of a group's metric. */
export function metricOf({ prefix }: Pick<Group, 'prefix'>, kind: BatchKind): string {
  return `${prefix}.${kind}`;
}

/** Name of the metric that says how long the host's event loop is held up; measured in the first group. */
export function stallMetricOf(kind: BatchKind): string {
  return `rpc.stall.${kind}`;
}

/** All metrics with an explanation each. */
export const RPC_METRICS: Readonly<Record<string, string>> = Object.fromEntries([
  ...GROUPS.flatMap((group) =>
    BATCH_KINDS.map((kind) => [metricOf(group, kind), `${kind}: ${group.own} against ${group.peer}`]),
  ),
  ...BATCH_KINDS.map((kind) => [
    stallMetricOf(kind),
    `${kind}: 99th percentile of the delay of the troupe host's event loop against that of the grpc-js client`,
  ]),
]);

function startTs(side: 'own' | 'peer', { troupePlugin, rawPlugin }: Workshop, flags: string[]): Promise<DriverProcess> {
  const [driver, plugin] = side === 'own' ? [TROUPE_DRIVER, troupePlugin] : [RAW_DRIVER, rawPlugin];
  return startHost(driver, flags, [process.execPath, plugin]);
}

function startHost(driver: string, flags: readonly string[], plugin: readonly string[]): Promise<DriverProcess> {
  return startDriver(process.execPath, ['--conditions=source', driver, ...flags, '--', ...plugin]);
}
