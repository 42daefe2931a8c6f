// For users.
export { definePlugin } from './define-plugin.ts';
export type { DefinedPlugin, PluginAuthoring, PluginHandle } from './define-plugin.ts';
export type {
  Emit,
  EmitReceipt,
  EventContext,
  EventFormName,
  EventHandler,
  EventHandlers,
  EventMatching,
  EventOptions,
  EventPattern,
  HandlerResult,
} from './event-types.ts';
export { operation, step } from './service-types.ts';
export type {
  OperationDefinition,
  Schema,
  ServiceContext,
  StepCall,
  StepDefinition,
  ValidationIssue,
  Validator,
} from './service-types.ts';
export type { DomainEvent, DraftOf, EventDraft, EventMap } from '../ports/domain-event.ts';
export { servePlugin } from './serve-plugin.ts';
export type { ServedPlugin } from './serve-plugin.ts';
export { servePluginForTest } from './serve-for-test.ts';
export type { TestModeOptions, TestServedPlugin } from './serve-for-test.ts';
export type { PluginDefinition, PluginRuntime, PluginServices } from './plugin-definition.ts';
export type { PluginHealth, PluginInit } from './plugin-service.ts';
export { service } from '../ports/service.ts';
export type { CallContext, ServedService, ServiceClient, ServiceImplementation } from '../ports/service.ts';
export { isRuntimeError, RuntimeError } from '../errors/index.ts';

// For integrators.
export { createPluginServices } from './plugin-services.ts';
export type { PluginServicesInMemory, PluginServicesOptions } from './plugin-services.ts';
export type { ExtensionRuntime, PluginExtension } from './plugin-definition.ts';
export type { PluginSeat, SeatableDefinition, SeatedPlugin } from '../ports/plugin-seat.ts';
export { createServiceClient } from '../ports/service.ts';
