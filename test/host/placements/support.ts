// One plugin in every placement.

import { fileURLToPath } from 'node:url';
import type { LaunchOptions, Plugin } from '../../../src/host/index.ts';
import type { PlacementName } from '../../../src/host/placements.ts';
import { CounterServiceService, ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { childEnv } from '../support.ts';
import type { TestHost } from '../support.ts';
import type { SubjectConfig } from './fixtures/subject.ts';

/** The placements, in the order of how much they isolate. */
export const ALL_PLACEMENTS = ['process', 'worker', 'inProcess'] as const satisfies readonly PlacementName[];

/** Services of the subject. */
export const SUBJECT_SERVICES = { probe: ProbeServiceService, counter: CounterServiceService } as const;

/** The subject, launched. */
export type SubjectPlugin = Plugin<typeof SUBJECT_SERVICES>;

/** How the subject is launched besides what all launches have. */
export interface SubjectOptions extends Partial<LaunchOptions> {
  readonly fixture?: 'all' | 'stream' | 'unary' | 'broken' | 'silent';
  readonly order?: Omit<SubjectConfig, 'placement'>;
}

/** Path of a module of the fixtures. */
export function moduleOf(fixture: NonNullable<SubjectOptions['fixture']>): string {
  return fileURLToPath(new URL(`./fixtures/${fixture}-plugin.ts`, import.meta.url));
}

/** What a launch in the placement needs for modules of this repository. */
export function placed(placement: PlacementName): Pick<LaunchOptions, 'placement' | 'nodeArgs'> {
  // The test runner resolves the package by its sources; Node.js has to be told.
  return placement === 'inProcess' ? { placement } : { placement, nodeArgs: ['--conditions=source'] };
}

/** Launches the subject. */
export function launchSubject(
  test: TestHost,
  placement: PlacementName,
  { fixture = 'all', order = {}, ...options }: SubjectOptions = {},
): Promise<SubjectPlugin> {
  return test.host.launch({
    name: 'subject',
    module: moduleOf(fixture),
    ...placed(placement),
    services: SUBJECT_SERVICES,
    startTimeoutMs: 20_000,
    health: { intervalMs: 60_000 },
    stop: { drainMs: 500, graceMs: 5_000, terminateMs: 5_000 },
    backoff: { initialMs: 20, jitter: 'none' },
    config: { placement, ...order } satisfies SubjectConfig,
    env: childEnv(),
    ...options,
  }) as Promise<SubjectPlugin>;
}
