import { createSystem } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { Race } from './race.ts';

/** Turns of the event loop after which nothing of a small protocol is left to happen. */
const TURNS = 4;

/** Runs the ordinary test of a race, in production's order. Rejects when the test fails. */
export async function runUnit(race: Race, bug: boolean): Promise<void> {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  try {
    await race.unit(
      {
        system,
        settle,
        async advance(ms) {
          await settle();
          await environment.clock.advanceAsync(ms, { turns: TURNS });
        },
      },
      bug,
    );
  } finally {
    await system.stop({ deadlineMs: 0 });
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((resolve) => void setImmediate(resolve));
}
