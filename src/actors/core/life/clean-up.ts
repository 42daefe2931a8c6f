import type { Cell } from '../cell.ts';
import type { TimerTicket } from '../timers.ts';

/** Runs a behaviour's clean-up and waits for it, for at most the actor's `cleanUpMs`. Its failure is logged. */
export async function cleanUp(cell: Cell, action: () => void | Promise<void>): Promise<void> {
  const { timers } = cell.system;
  const { cleanUpMs } = cell.policy;
  let timer: TimerTicket | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = timers.start(cleanUpMs, (closed) => {
      if (!closed) cell.log('warn', `clean-up did not finish within ${cleanUpMs} ms`);
      resolve();
    });
  });
  try {
    await Promise.race([runAs(cell, action), limit]);
  } catch (error) {
    cell.log('error', 'clean-up failed', { error });
  } finally {
    timers.cancel(timer);
  }
}

/** What a clean-up sends before its first `await` comes from the actor: a system that stops refuses what comes from outside. */
function runAs(cell: Cell, action: () => void | Promise<void>): void | Promise<void> {
  const { system } = cell;
  const before = system.running;
  system.running = cell;
  try {
    return action();
  } finally {
    system.running = before;
  }
}
