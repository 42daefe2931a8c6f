import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import type { Choice, Chooser, Decision } from './strategies/strategy.ts';

/** The limits of one schedule. */
export interface RecorderOptions {
  /** Most decisions in a schedule. Default 100,000. */
  readonly limit?: number | undefined;
}

/** Asks a chooser and writes down what it says; one for each schedule. */
export interface Recorder {
  /** What was decided so far. */
  readonly decisions: readonly Decision[];
  /**
   * The option that happens. One alone happens without being asked about.
   *
   * @throws SCHEDULE_TOO_LONG when the schedule has reached its limit
   */
  decide<Option extends Choice>(options: readonly Option[]): Option;
}

const DEFAULT_LIMIT = 100_000;

/** Stands between whoever runs a schedule and the chooser of the strategy. */
export function createRecorder(chooser: Chooser, { limit = DEFAULT_LIMIT }: RecorderOptions = {}): Recorder {
  const decisions: Decision[] = [];
  return {
    decisions,
    decide(options) {
      const index = options.length > 1 ? chooser.choose(options) : 0;
      const option = options[index];
      if (option === undefined) {
        throw new InvalidOptionsError('choose', `must give an index below ${options.length}, gave ${String(index)}`);
      }
      if (options.length > 1) {
        if (decisions.length >= limit) {
          throw new RuntimeError('SCHEDULE_TOO_LONG', `the schedule takes more than ${limit} decisions`);
        }
        decisions.push({ index, of: options.length, key: option.key });
      }
      return option;
    },
  };
}
