export { BUILT_IN_CAPABILITIES, createCapabilityRegistry } from './capability-registry.ts';
export type {
  Capability,
  CapabilityRegistry,
  CapabilitySource,
  ResolvedCapability,
} from './capability-registry.ts';
export { createPermissionChecker, tellDenial } from './permission-checker.ts';
export type { PermissionChecker, PermissionCheckerOptions } from './permission-checker.ts';
