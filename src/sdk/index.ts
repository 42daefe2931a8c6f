// For users.
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
export { createServiceClient } from '../ports/service.ts';
