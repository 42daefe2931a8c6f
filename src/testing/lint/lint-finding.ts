import type { MachineOptions } from './explore-machine.ts';

/** What a machine is held to. */
export type LintRule =
  /** No event leads into the state. */
  | 'unreachable'
  /** Nothing leads out of the state, and it is neither final nor declared to be one to rest in. */
  | 'no-exit'
  /** The failure of a child ends the machine. */
  | 'unhandled-child-error'
  /** A `*` transition gets the failures of children. */
  | 'swallowed-error'
  /** No timer can wait that long, or the delay is no number of milliseconds. */
  | 'delay-out-of-range'
  /** The guard said the same wherever it was asked, or was never asked. */
  | 'one-sided-guard'
  /** A child is started under the id of one that is running, which nobody can stop any more. */
  | 'duplicate-child-id'
  /** A guard, an action or a target threw. */
  | 'throws'
  /** There is more to visit than the limit allows; what was not seen is not reported. */
  | 'too-many-states';

/** One thing that is wrong. */
export interface LintFinding {
  readonly rule: LintRule;
  /** Id of the state, or of the machine when no single state is to blame. */
  readonly state: string;
  readonly message: string;
}

/** What is visited, and what is meant to be as it is. */
export interface LintOptions extends MachineOptions {
  /** Ids of states that may have no exit. Default: none. */
  readonly resting?: readonly string[] | undefined;
  /** Tag of states that may have no exit. Default `resting`. */
  readonly restingTag?: string | undefined;
}
