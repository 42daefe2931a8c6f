import type { Clock } from '../../ports/index.ts';
import type { Lifecycle } from '../lifecycle/types.ts';

/** Whether a host does what it is there for. */
export interface HostHealth {
  /** True when every plugin that is to run here is running. */
  readonly isReady: boolean;
  /** Why not; one line for people each. */
  readonly problems: readonly string[];
  /** How many plugins are in each state, sorted by the state. */
  readonly states: readonly { readonly state: string; readonly count: number }[];
}

/** Looks at the plugins. A plugin that another host runs is none of this one's business. Never rejects. */
export async function hostHealth(lifecycle: Pick<Lifecycle, 'rows'>): Promise<HostHealth> {
  try {
    const installed = await lifecycle.rows();
    const problems = installed.flatMap(({ row, process }) => {
      const isHere = row.state === 'active' && process !== undefined;
      return isHere && process.state !== 'ready'
        ? [`plugin "${row.slug}" is active, and its process ${process.state}`]
        : [];
    });
    const counts = new Map<string, number>();
    for (const { row } of installed) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
    const states = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([state, count]) => ({ state, count }));
    return { isReady: problems.length === 0, problems, states };
  } catch (error) {
    return { isReady: false, problems: [`the store does not answer: ${String(error)}`], states: [] };
  }
}

/** How often plugins are looked at for whoever asks for the health. */
export interface SharedHealthOptions {
  readonly lifecycle: Pick<Lifecycle, 'rows'>;
  readonly clock: Clock;
  /** Milliseconds for which an answer is given again. Default 1,000. */
  readonly maxAgeMs?: number;
  /**
   * Why the host itself is not ready, whatever its plugins are: it is being started, or stopped. Before the boot no row says
   * so, since a plugin that nobody runs here looks like one that another host runs. Default: it is ready.
   */
  readonly notReady?: (() => string | undefined) | undefined;
}

const MAX_AGE_MS = 1000;

/**
 * The health for people who need no token: all who ask within the time get one answer, so that nobody can keep the store
 * busy by asking.
 */
export function sharedHealth({
  lifecycle,
  clock,
  maxAgeMs = MAX_AGE_MS,
  notReady,
}: SharedHealthOptions): () => Promise<HostHealth> {
  let look: { readonly health: Promise<HostHealth>; readonly at: number } | undefined;
  let isUnderWay = false;
  return () => {
    const problem = notReady?.();
    if (problem !== undefined) return Promise.resolve({ isReady: false, problems: [problem], states: [] });
    // One that takes longer than the time is waited for, and not made twice.
    if (look !== undefined && (isUnderWay || clock.monotonic() - look.at < maxAgeMs)) return look.health;
    isUnderWay = true;
    const health = hostHealth(lifecycle).finally(() => (isUnderWay = false));
    look = { health, at: clock.monotonic() };
    return health;
  };
}
