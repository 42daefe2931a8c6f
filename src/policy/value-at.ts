/**
 * The value at a path of keys and indexes, from the top; undefined when there is none. Only what a value has itself counts,
 * so that a key such as `constructor` leads nowhere.
 */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}
