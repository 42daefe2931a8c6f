export { createAuditor } from './auditor.ts';
export type { Auditor } from './auditor.ts';
export type { AuditFact, AuditorOptions, AuditStatus, AuditStopReport, SinkStatus } from './auditor-options.ts';
export { createFileSink } from './file-sink.ts';
export type { FileSinkOptions } from './file-sink.ts';
export type { AuditRetention } from './retention.ts';
export { verifyAudit } from './verify-audit.ts';
export type {
  AuditAnchor,
  AuditChainCheck,
  AuditProblem,
  AuditProblemKind,
  AuditReport,
  VerifyAuditOptions,
} from './verify-audit.ts';
