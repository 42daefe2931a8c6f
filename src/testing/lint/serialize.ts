import type { AnyMachineSnapshot } from 'xstate';

/** State, context and status as text. Functions count by name, errors by text; a value within itself is cut off. */
export function serializeSnapshot({ value, context, status }: AnyMachineSnapshot): string {
  return JSON.stringify([value, status, plain(context, [])]);
}

function plain(value: unknown, around: readonly object[]): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) return 'itself';
  const within = [...around, value];
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Set || value instanceof Map) return [...value].map((one: unknown) => plain(one, within));
  // References to actors would pull in their whole system.
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), within);
  if (Array.isArray(value)) return value.map((one: unknown) => plain(one, within));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, within)]));
}
