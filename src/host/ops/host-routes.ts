import type { HostHealth } from '../admin/host-health.ts';
import type { OpsResponse, OpsRoute } from './ops-handler.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.ts';
import type { Metric } from './prometheus.ts';

/** What the routes of every host show. */
export interface HostRoutesOptions {
  /** Whether the host does what it is there for. */
  readonly health: () => Promise<HostHealth>;
  readonly metrics: () => Promise<readonly Metric[]>;
}

/**
 * `/healthz` (the process answers), `/readyz` (all plugins that are to run are running) and `/metrics`. The first two need
 * no token and say no more than a word.
 */
export function hostRoutes({ health, metrics }: HostRoutesOptions): readonly OpsRoute[] {
  return [
    { method: 'GET', path: '/healthz', needsToken: false, handler: () => word(200, 'ok') },
    {
      method: 'GET',
      path: '/readyz',
      needsToken: false,
      handler: async () => ((await health()).isReady ? word(200, 'ready') : word(503, 'not ready')),
    },
    {
      method: 'GET',
      path: '/metrics',
      handler: async () => ({
        status: 200,
        headers: { 'content-type': PROMETHEUS_TYPE },
        body: prometheusText(await metrics()),
      }),
    },
  ];
}

function word(status: number, body: string): OpsResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${body}\n` };
}
