// For users.
export { createSystem } from './system.ts';
export { spawn, stop, tell } from '../machines/index.ts';
export type { Actor, ActorOutcome, ActorRef, TellOutcome } from './actor-ref.ts';
export type { ActorSystem, SpawnOptions, SystemOptions, SystemStopReport } from './system.ts';
export type { MailboxOptions } from './mailbox.ts';
export type { MessageTarget } from '../machines/index.ts';

// For integrators.
export { DEFAULT_MAILBOX_CAPACITY } from './mailbox.ts';
export { createPluginProcessLogic } from './plugin-process.actor.ts';
export type { CallAdmission, PluginProcessPorts } from './plugin-process.actor.ts';
export { createHostLogic } from './host.actor.ts';
export type { HostPorts } from './host.actor.ts';
