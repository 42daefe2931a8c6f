// Loads semver; nothing that a plugin process loads may import it.

export {
  checkDependencies,
  requireDependencies,
  requireNoDependents,
} from './check-dependencies.ts';
export { isInRange, isVersionRange } from './version-range.ts';
export { createDependencyGate } from './dependency-gate.ts';
export type { DependencyGate, DependencyGateOptions } from './dependency-gate.ts';
