import type { Cell } from '../cell.ts';
import type { SystemCore } from '../system-core.ts';
import type { TimerTicket } from '../timers.ts';

/**
 * How a stop went. `stopped + forced` is the number of actors that lived when it began, and `waiting + accepted` equals
 * `processed + dropped`: no message is unaccounted for.
 */
export interface SystemStopReport {
  /** Actors that ended by themselves within the deadline. */
  readonly stopped: number;
  /** Actors that were ended at the deadline. */
  readonly forced: number;
  /** Messages that waited when the stop began. */
  readonly waiting: number;
  /** Messages that were accepted after that: actors work off what waits, and may send while they do. */
  readonly accepted: number;
  /** Messages that were processed after the stop began. */
  readonly processed: number;
  /** Messages that were accepted and never processed; each is a dead letter. */
  readonly dropped: number;
}

/**
 * Stops the actors of a system, the youngest first, and kills those that are left at the deadline.
 *
 * @param living all living actors, parents before their children
 */
export async function stopSystem(
  system: SystemCore,
  deadlineMs: number,
  living: () => readonly Cell[],
): Promise<SystemStopReport> {
  const before = living();
  const { accepted, delivered, dropped } = system;
  const waiting = before.reduce((sum, cell) => sum + cell.waiting, 0);
  let timer: TimerTicket | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = system.timers.start(deadlineMs, resolve);
  });
  await Promise.race([stopInReverse(system), deadline]);
  system.timers.cancel(timer);
  const left = living().length;
  for (const cell of [...system.top].reverse()) cell.kill();
  return {
    stopped: before.length - left,
    forced: left,
    waiting,
    accepted: system.accepted - accepted,
    processed: system.delivered - delivered,
    dropped: system.dropped - dropped,
  };
}

async function stopInReverse(system: SystemCore): Promise<void> {
  for (const cell of [...system.top].reverse()) await cell.stop();
}
