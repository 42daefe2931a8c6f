// The metrics of a host.

import type { Bus, SubscriptionView } from '../../bus/index.ts';
import type { LifecycleStore, LifecycleState } from '../../ports/lifecycle-store.ts';
import { LASTING_STATES, PASSING_STATES } from '../../ports/lifecycle-store.ts';
import type { Lifecycle, PluginSummary } from '../lifecycle/types.ts';
import type { PluginLogs } from '../logs/index.ts';
import type { PluginStatus } from '../plugin.ts';
import type { Metric, Sample } from './prometheus.ts';

/** What the metrics are taken from. */
export interface HostMetricsSources {
  readonly lifecycle: Pick<Lifecycle, 'rows'>;
  readonly store: Pick<LifecycleStore, 'auditHeads'>;
  readonly bus: Pick<Bus, 'subscriptions'>;
  readonly logs: Pick<PluginLogs, 'hub' | 'files'>;
  /** Seconds for which the host has been running. */
  readonly uptimeSeconds: () => number;
}

/** Looks at everything. What cannot be had is left out, but for `troupe_up`, which says so. */
export async function hostMetrics(sources: HostMetricsSources): Promise<readonly Metric[]> {
  const [installed, heads] = await Promise.all([
    settled(sources.lifecycle.rows()),
    settled(sources.store.auditHeads()),
  ]);
  const isUp = installed !== undefined && heads !== undefined;
  return [
    gauge('troupe_up', 'Whether the store of the lifecycle answers.', [{ value: isUp ? 1 : 0 }]),
    gauge('troupe_uptime_seconds', 'Seconds since the host was started.', [{ value: sources.uptimeSeconds() }]),
    ...pluginMetrics(installed ?? []),
    gauge(
      'troupe_audit_lag_entries',
      'Entries of the audit without a link in its chain yet.',
      heads === undefined ? [] : [{ value: heads.reduce((sum, { last, sealed }) => sum + last - sealed, 0) }],
    ),
    ...eventMetrics(sources.bus.subscriptions()),
    ...logMetrics(sources.logs),
  ];
}

function pluginMetrics(installed: readonly PluginSummary[]): readonly Metric[] {
  const states: readonly LifecycleState[] = [...LASTING_STATES, ...PASSING_STATES];
  const processes = installed.flatMap(({ process }) => (process === undefined ? [] : [process]));
  const of = (read: (process: PluginStatus) => number): Sample[] =>
    processes.map((process) => ({ labels: { plugin: process.name }, value: read(process) }));
  return [
    gauge(
      'troupe_plugins',
      'Installed plugins by their state.',
      states.map((state) => ({ labels: { state }, value: installed.filter(({ row }) => row.state === state).length })),
    ),
    gauge(
      'troupe_plugin_ready',
      'Whether the plugin takes calls.',
      of(({ state }) => (state === 'ready' ? 1 : 0)),
    ),
    counter(
      'troupe_plugin_restarts_total',
      'Times the plugin came back.',
      of(({ restarts }) => restarts),
    ),
    gauge(
      'troupe_plugin_calls_in_flight',
      'Calls of the plugin under way.',
      of(({ inFlight }) => inFlight),
    ),
  ];
}

const EVENT_COUNTS = ['published', 'delivered', 'dropped', 'failed', 'unknown', 'redelivered'] as const;

function eventMetrics(subscriptions: readonly SubscriptionView[]): readonly Metric[] {
  return [
    counter(
      'troupe_events_total',
      'Events of subscriptions by what became of them.',
      subscriptions.flatMap(({ name, counters }) =>
        EVENT_COUNTS.map((outcome) => ({ labels: { subscription: name, outcome }, value: counters[outcome] })),
      ),
    ),
    gauge(
      'troupe_events_pending',
      'Events of subscriptions that wait or are in the air.',
      subscriptions.map(({ name, counters }) => ({ labels: { subscription: name }, value: counters.pending })),
    ),
  ];
}

function logMetrics(logs: HostMetricsSources['logs']): readonly Metric[] {
  const { missed, failed } = logs.files();
  return [
    counter('troupe_log_lines_total', 'Lines of all logs.', [{ value: logs.hub.logged }]),
    counter('troupe_log_lines_lost_total', 'Lines that are in no file, by the reason.', [
      { labels: { reason: 'tooFast' }, value: missed },
      { labels: { reason: 'unwritable' }, value: failed },
    ]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'counter', samples };
}

async function settled<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch {
    // Told by `troupe_up`.
    return undefined;
  }
}
