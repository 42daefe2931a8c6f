// For users.
export { createManualEnvironment, createSeededRandom, createVirtualClock } from '../ports/index.ts';
export type { ManualEnvironment, ManualEnvironmentOptions, VirtualClock } from '../ports/index.ts';
export { createMemoryConnection } from '../transport/memory/index.ts';
