import type { Works } from './works/work.ts';

/** The sides of the comparisons. */
export type SideName = 'troupe' | 'nact' | 'moleculer' | 'effect' | 'xstate' | 'explore';

/** Loads one side and nothing of the others. */
export const SIDES: Readonly<Record<SideName, () => Promise<{ readonly WORKS: Works }>>> = {
  troupe: () => import('./works/troupe.ts'),
  nact: () => import('./works/nact.ts'),
  moleculer: () => import('./works/moleculer.ts'),
  effect: () => import('./works/effect.ts'),
  xstate: () => import('./works/xstate.ts'),
  explore: () => import('../explore/works.ts'),
};
