import { createRequire } from 'node:module';
import { RuntimeError } from '../../errors/index.ts';

/** What `@opentelemetry/api` exports. */
export type OtelApi = typeof import('@opentelemetry/api');

/**
 * Loads `@opentelemetry/api` when telemetry is asked for, and not before: it is an optional peer. All copies of it share
 * one registry, so that the program's providers are found.
 *
 * @throws PEER_MISSING
 */
export function loadOtelApi(): OtelApi {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as OtelApi;
  } catch (cause) {
    throw new RuntimeError('PEER_MISSING', 'install "@opentelemetry/api" to observe actors with it', { cause });
  }
}
