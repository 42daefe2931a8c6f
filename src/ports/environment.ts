import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';
import type { Logger } from './logger.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Everything an actor system takes from outside. Nothing else reads time or randomness, names things, or defers work. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}
