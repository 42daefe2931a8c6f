import type { Oracle } from './oracle.ts';
import { requireAnswer } from './verdicts.ts';

/** Fails when the predicate holds, at the beginning or after any step. */
export function never<State>(predicate: (state: State) => boolean, name = 'never'): Oracle<State> {
  return {
    name,
    watch: (view) => ({
      afterStep: () => (requireAnswer(name, predicate(view.state)) ? 'what must never hold does hold' : undefined),
    }),
  };
}
