import { checkLinearizable } from './linearizable.ts';
import type { LinearizableOptions, ModelCall, SequentialModel } from './linearizable.ts';
import type { Oracle } from './oracle.ts';

/**
 * Fails when the calls that clients have recorded by `call` could not have happened one after the other. What the search
 * cannot decide within `maxStates` counts as fine.
 */
export function linearizable<State, Call extends ModelCall = ModelCall>(
  model: SequentialModel<State, Call>,
  options: LinearizableOptions = {},
): Oracle<unknown> {
  return {
    name: 'linearizable',
    watch: (view) => ({
      atEnd() {
        const result = checkLinearizable(view.history, model, options);
        return result.linearizable || result.undecided ? undefined : result.explanation;
      },
    }),
  };
}
