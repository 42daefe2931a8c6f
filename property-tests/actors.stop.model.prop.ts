import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { fromTransition } from 'xstate';
import type { EventObject } from 'xstate';
import { createSystem } from '../src/actors/index.ts';
import type { Actor, ActorSystem } from '../src/actors/index.ts';
import { createManualEnvironment } from '../src/ports/index.ts';
import type { ManualEnvironment } from '../src/ports/index.ts';
import { testScale } from '../test/setup/size.ts';

/** One actor of a tree. */
interface Node {
  /** Which of the actors before it is its parent; 0 for the top. */
  readonly parent: number;
  /** Messages in its mailbox when the stop begins. */
  readonly messages: number;
  /** Whether it was told to stop before. */
  readonly stopped: boolean;
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100)
    expect([...seen]).toEqual(expect.arrayContaining(['all stopped', 'some forced', 'all forced']));
});

describe('the stop of a system', () => {
  test.prop([fc.array(node(), { minLength: 1, maxLength: 8 }), fc.nat(60), fc.boolean()])(
    'C4: ends everything, children first, and its counts add up, whenever the deadline comes',
    async (nodes, ticks, isPatient) => {
      const { environment, system, actors, handled, ends } = plant(nodes);
      for (const [i, { stopped }] of nodes.entries()) if (stopped) void system.stopActor(actors[i] as Actor);

      const stopping = system.stop({ deadlineMs: 10 });
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      const living = system.actors().length;
      if (!isPatient) environment.clock.advance(10);
      const report = await stopping;

      const sent = nodes.reduce((sum, { messages }) => sum + messages, 0);
      expect(report.stopped + report.forced).toBe(nodes.length);
      expect(report.forced).toBeLessThanOrEqual(isPatient ? 0 : living);
      expect(handled() + report.dropped).toBe(sent);
      expect([system.actors(), environment.clock.pending]).toEqual([[], 0]);
      await Promise.all(actors.map(({ ended }) => ended));
      for (const [i, { parent }] of nodes.entries()) {
        const above = parentOf(i, parent);
        if (above !== undefined) expect(ends.indexOf(i)).toBeLessThan(ends.indexOf(above));
      }
      seen.add(report.forced === 0 ? 'all stopped' : report.stopped === 0 ? 'all forced' : 'some forced');
    },
  );
});

// Helpers

function node(): fc.Arbitrary<Node> {
  return fc.record({ parent: fc.nat(8), messages: fc.nat(100), stopped: fc.boolean() });
}

/** Index of the parent of actor `i`; undefined at the top. */
function parentOf(i: number, parent: number): number | undefined {
  const chosen = parent % (i + 1);
  return chosen === 0 ? undefined : chosen - 1;
}

interface Planted {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  readonly actors: readonly Actor[];
  readonly handled: () => number;
  /** Numbers of the actors in the order in which they ended. */
  readonly ends: readonly number[];
}

function plant(nodes: readonly Node[]): Planted {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  const ends: number[] = [];
  const actors: Actor[] = [];
  let handled = 0;
  for (const [i, { parent, messages }] of nodes.entries()) {
    const logic = fromTransition((_: undefined, { type }: EventObject) => {
      if (type === 'xstate.stop') ends.push(i);
      else handled++;
      return undefined;
    }, undefined);
    const above = actors[parentOf(i, parent) ?? -1];
    const actor = system.spawn(logic, { name: `actor-${i}`, ...(above && { parent: above }) });
    for (let message = 0; message < messages; message++) actor.tell({ type: 'message' });
    actors.push(actor);
  }
  return { environment, system, actors, handled: () => handled, ends };
}
