// For users.
export { createServiceClient, service } from '../ports/index.ts';
export type { CallContext, ServedService, ServiceClient, ServiceImplementation } from '../ports/index.ts';
export { DEFAULT_HANDSHAKE } from './go-plugin/default-handshake.ts';
export type { MagicCookie } from './go-plugin/handshake-environment.ts';
export type { PluginOutputChunk } from './go-plugin/plugin-output.ts';
export { AWF_HANDSHAKE } from './go-plugin/awf-contract.ts';
export { createMemoryConnection } from './memory/index.ts';

// For integrators.
export type { ContractName } from './go-plugin/plugin-contract.ts';
export { certificateFromPem, createCertificate, readCertificate } from './go-plugin/certificate.ts';
export type { Certificate, CertificateCurve, CertificateOptions, PeerCertificate } from './go-plugin/certificate.ts';
export { handshakeEnvironment, readHandshakeEnvironment } from './go-plugin/handshake-environment.ts';
export { formatHandshakeLine, parseHandshakeLine } from './go-plugin/handshake-line.ts';
export type { HandshakeExpectations, HandshakeLine } from './go-plugin/handshake-line.ts';
export { createLogLineParser, formatLogLine, parseLogLine } from './go-plugin/hclog.ts';
export type { LogLineEntry, LogLineParser, ParsedLogLine } from './go-plugin/hclog.ts';
export { createProcessPlacement } from './go-plugin/process-placement.ts';
export type { ProcessPlacementOptions, ProcessPlacementPorts } from './go-plugin/process-placement.ts';
export type { ProcessPin } from './go-plugin/process-start.ts';
export { parseReattach, readReattach } from './go-plugin/reattach.ts';
export type { ReattachConfig } from './go-plugin/reattach.ts';
export { createReattachPlacement } from './go-plugin/reattach-placement.ts';
export type { ReattachPlacementOptions } from './go-plugin/reattach-placement.ts';
export { createInProcessPlacement } from './in-process/in-process-placement.ts';
export type { InProcessPlacementOptions } from './in-process/in-process-placement.ts';
export { requireDefinition } from './in-process/seat-options.ts';
export type { DefinitionSource, SeatModule, SeatOptions } from './in-process/seat-options.ts';
export { createWorkerPlacement } from './worker/worker-placement.ts';
export type { WorkerPlacementOptions } from './worker/worker-placement.ts';
export { createGrpcConnection, createGrpcServer } from './grpc/index.ts';
export type { GrpcConnection, GrpcConnectionOptions, GrpcServer, GrpcServerOptions } from './grpc/index.ts';
export { createProcessLauncher, hashTree, removeAbandonedDirectories } from './process/index.ts';
export type {
  ClosableProcessLauncher,
  HashedTree,
  ParentDeathMode,
  ProcessLauncherOptions,
  TreeEntry,
  TreeLimits,
} from './process/index.ts';
