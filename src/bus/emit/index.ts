export { createEmitGate } from './emit-gate.ts';
export type { EmitCause, EmitGate, EmitGateOptions } from './emit-gate.ts';
export {
  createHostEventService,
  HOST_EVENT_SERVICE_ID,
} from './host-event-service.ts';
export type { HostEventServiceOptions } from './host-event-service.ts';
