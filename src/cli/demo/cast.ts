/** A plugin of the demo. */
export interface Role {
  readonly name: 'steady' | 'fragile' | 'target';
  /** Jobs after which its first process ends itself; undefined: never. */
  readonly crashAfter: number | undefined;
}

/** The plugins of the demo, in the order of the table. Each has a file of its name in `plugins`. */
export const CAST: readonly Role[] = [
  { name: 'steady', crashAfter: undefined },
  { name: 'fragile', crashAfter: 25 },
  { name: 'target', crashAfter: undefined },
];
