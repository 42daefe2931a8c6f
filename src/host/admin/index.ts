export type {
  AdminPorts,
  AuditChainReport,
  HostCheck,
  HostFacts,
  PendingSetting,
  ReloadReport,
} from './admin-ports.ts';
export { requireAdminSocket } from './admin-socket.ts';
export { diagnoseHost } from './diagnose-host.ts';
export type { DiagnoseHostOptions } from './diagnose-host.ts';
export { hostHealth, sharedHealth } from './host-health.ts';
export { PRINCIPAL_FIELD, principalField } from './principal.ts';
export { serveAdmin } from './serve-admin.ts';
export type { AdminOptions, AdminServer } from './serve-admin.ts';
