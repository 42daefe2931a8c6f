import type { ServedService } from './service.ts';

type Implementation = ServedService['implementation'];

/** What every object has. */
const INHERITED = Object.prototype as unknown as Implementation;

/**
 * The method that an implementation has, by itself or from its class; undefined when it has none. A plain look-up would
 * also find what every object has, such as `toString`, and what every class has, its `constructor`.
 */
export function methodOf(implementation: Implementation, name: string): Implementation[string] | undefined {
  const method = implementation[name];
  if (typeof method !== 'function' || method === INHERITED[name]) return undefined;
  return name === 'constructor' && !Object.hasOwn(implementation, name) ? undefined : method;
}
