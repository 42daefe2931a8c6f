import { InvalidOptionsError } from '../../errors/index.ts';
import type { Oracle } from './oracle.ts';
import { requireAnswer } from './verdicts.ts';

/** By when something must hold. */
export interface EventuallyOptions {
  /** Milliseconds of virtual time since the beginning. Default: until the schedule ends. */
  readonly withinMs?: number | undefined;
}

/** Fails unless the predicate holds at the beginning or after some step, in time. It need not go on to hold. */
export function eventually<State>(
  predicate: (state: State) => boolean,
  { withinMs = Number.POSITIVE_INFINITY }: EventuallyOptions = {},
): Oracle<State> {
  if (!(withinMs >= 0)) throw new InvalidOptionsError('withinMs', `must be at least 0, got ${String(withinMs)}`);
  return {
    name: 'eventually',
    watch(view) {
      let held = false;
      return {
        afterStep() {
          if (held) return undefined;
          // Time first: what holds only after the limit is late.
          const now = view.clock.monotonic();
          if (now > withinMs) return `it did not hold within ${withinMs} ms`;
          held = requireAnswer('eventually', predicate(view.state));
          return undefined;
        },
        atEnd: (end) => (held ? undefined : `it never held; ${ENDS[end]}`),
      };
    },
  };
}

const ENDS = { quiet: 'nothing is left to happen', timeUp: 'the virtual time of the schedule is up' };
