import type { Oracle } from './oracle.ts';

/** Fails when the predicate holds, at the beginning or after any step. */
export function never<State>(predicate: (state: State) => boolean, name = 'never'): Oracle<State> {
  return {
    name,
    watch: (view) => ({
      afterStep: () => (predicate(view.state) ? 'what must never hold does hold' : undefined),
    }),
  };
}
