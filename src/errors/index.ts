export { CODES } from './codes.ts';
export type { Code, CodeInfo } from './codes.ts';
export {
  DeadlineExceededError,
  DependencyError,
  HandshakeError,
  InvalidOptionsError,
  InvalidTransitionError,
  PermissionDeniedError,
  PluginCrashedError,
} from './kinds.ts';
export type { PluginFailureOptions, PluginPhase, RefusedTransition } from './kinds.ts';
export { codeOfGrpcStatus, isRuntimeError, RuntimeError } from './runtime-error.ts';
export type { RuntimeErrorOptions } from './runtime-error.ts';
