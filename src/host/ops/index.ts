export { hostMetrics } from './host-metrics.ts';
export type { HostMetricsSources } from './host-metrics.ts';
export { hostRoutes } from './host-routes.ts';
export type { HostRoutesOptions } from './host-routes.ts';
export type { OpsHandler, OpsRequest, OpsResponse, OpsRoute } from './ops-handler.ts';
export { openOpsListener } from './ops-listener.ts';
export type { OpsListener, OpsListenerOptions } from './ops-listener.ts';
export type { Metric, Sample } from './prometheus.ts';
