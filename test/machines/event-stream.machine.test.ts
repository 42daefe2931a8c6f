import { describe, expect, it } from 'vitest';
import type { AnyMachineSnapshot, AnyStateNode, EventObject } from 'xstate';
import { eventStreamMachine } from '../../src/machines/index.ts';
import type { EventForm } from '../../src/machines/index.ts';
import { begin, explore, longestWayOut, stateOf, step, travel } from './laws.ts';
import type { Journey } from './laws.ts';
import { EVENT_NAMES, EVENTS, eventsOf, eventStreamInput, OUTSIDE } from './event-stream.alphabet.ts';
import type { EventName } from './event-stream.alphabet.ts';
import { PATHS, TABLE } from './event-stream.table.ts';
import type { Situation } from './event-stream.table.ts';

const { acked, fallen, plain, single, waiting } = PATHS;

describe('the event stream when', () => {
  it.each(Object.entries(TABLE))('%s goes where the table says on each of 41 events', (_, situation) => {
    const before = arrive(situation);

    const reached = EVENT_NAMES.map((name) => [name, stateOf(step(before, EVENTS[name]).snapshot)]);

    expect(stateOf(before.snapshot)).toBe(situation.state);
    expect(reached).toEqual(EVENT_NAMES.map((name) => [name, situation.on[name] ?? situation.state]));
  });
});

describe('the table', () => {
  it('takes every transition that an event can trigger', () => {
    const taken = new Set(
      Object.values(TABLE).flatMap((situation) => {
        const { snapshot } = arrive(situation);
        return EVENT_NAMES.flatMap((name) =>
          eventStreamMachine.getTransitionData(snapshot as never, EVENTS[name] as never),
        );
      }),
    );

    expect(
      triggered()
        .filter((transition) => !taken.has(transition as never))
        .map(String),
    ).toEqual([]);
  });

  it('visits every state that can be at rest', () => {
    const visited = new Set(Object.values(TABLE).map(({ state }) => `event-stream.${state}`));
    const atomic = nodesOf(eventStreamMachine.root).filter(({ type }) => type === 'atomic' || type === 'final');

    expect(atomic.map(({ id }) => id).filter((id) => !visited.has(id))).toEqual([
      'event-stream.live.choosing',
      'event-stream.live.streaming.choosingOpen',
      'event-stream.live.streaming.stuck',
    ]);
  });
});

describe('the event stream', () => {
  it('S2: never tries a form again that was refused, and has failed when none is left', () => {
    const { snapshot } = go([...single, 'unary refused']);

    expect(snapshot.output).toEqual({
      kind: 'failed',
      failure: { code: 'EVENTS_UNSUPPORTED', message: 'plugin "kv" takes events in no form' },
    });
    expect(snapshot.context.forms).toEqual([]);
  });

  it('S2: takes UNIMPLEMENTED for a cut once an event was handled', () => {
    const late = { ...EVENTS['refused 1'], proved: true } as EventObject;

    const { snapshot } = step(go(acked), late);

    expect([stateOf(snapshot), snapshot.context.forms.length]).toEqual(['live.streaming.resuming', 3]);
  });

  it('S3: ends a stream at the third time-out in a row and not before', () => {
    const stalls: readonly EventName[] = ['blocked 1', 'send timeout'];

    const twice = go([...acked, ...stalls, 'progressed 1', ...stalls]);
    const thrice = step(twice, EVENTS['send timeout']);

    expect(stateOf(twice.snapshot)).toBe('live.streaming.stalled');
    expect(thrice.facts).toEqual([
      { type: 'stream.stalled', timeouts: 3 },
      {
        type: 'stream.cut',
        generation: 1,
        code: 'EVENT_STREAM_STALLED',
        message: 'plugin "kv" took no event within 3 times 5000 ms',
      },
      { type: 'stream.fellBack' },
    ]);
  });

  it('S5: starts the waits anew only when an event was handled', () => {
    const again: readonly EventName[] = ['backoff', 'paused', 'opened 2'];

    const opened = go([...waiting, ...again]);
    const proved = step(opened, EVENTS['proved 2']);

    expect([opened.snapshot.context.attempt, proved.snapshot.context.attempt]).toEqual([1, 0]);
    expect(go([...waiting, 'proved 1']).snapshot.context.attempt).toBe(1);
    expect(go([...single, 'unary failed', 'backoff', 'paused', 'proved 2']).snapshot.context.attempt).toBe(0);
  });

  it('S5: waits 250 ms, then twice as long each time, up to 30 s', () => {
    let journey = go(fallen);
    const delays = Array.from({ length: 9 }, () => {
      const entered = step(journey, EVENTS.replayed);
      const { generation } = entered.snapshot.context;
      const cut = { ...EVENTS['cut early 1'], generation: generation + 1 } as EventObject;
      journey = [EVENTS.backoff, EVENTS.paused, cut].reduce(step, entered);
      return (entered.facts as unknown as readonly { delayMs: number }[]).map(({ delayMs }) => delayMs);
    });

    expect(delays.flat()).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('S6: changes nothing on reports about an older stream', () => {
    const before = go([...acked, 'cut late 1', 'opened 2']);
    const stale = EVENT_NAMES.filter((name) => name.endsWith(' 1'));

    expect(stale.map((name) => step(before, EVENTS[name]).snapshot === before.snapshot)).not.toContain(false);
  });

  it('S7: reaches its end after a stop from every state, whatever the outside world does', () => {
    const known = new Map();

    const ways = reachable().map((journey) => longestWayOut(step(journey, EVENTS.stop), Object.values(OUTSIDE), known));

    // A cut, the time to drain and the time to close.
    expect(Math.max(...ways)).toBe(3);
  });

  it('S7: ends at once when the process is lost, from every state', () => {
    for (const journey of reachable()) {
      if (journey.snapshot.status === 'done') continue;
      expect(step(journey, EVENTS.lost).snapshot.output).toEqual({ kind: 'lost' });
    }
  });

  it('tells of each step once', () => {
    const steps: readonly EventName[] = ['start', 'opened 1', 'cut late 1', 'opened 2', 'stop', 'drained', 'ended'];

    const facts: EventObject[] = [];
    steps.reduce(
      (journey, name) => {
        const next = step(journey, EVENTS[name]);
        facts.push(...next.facts);
        return next;
      },
      begin(eventStreamMachine, eventStreamInput()),
    );

    expect(facts).toEqual([
      { type: 'stream.opened', form: 'acked', generation: 1 },
      { type: 'stream.cut', generation: 1, code: 'UNAVAILABLE', message: 'gone' },
      { type: 'stream.opened', form: 'acked', generation: 2 },
      { type: 'stream.resumed', generation: 2 },
      { type: 'stream.closed', outcome: { kind: 'closed' } },
    ]);
  });

  it.each<[readonly EventForm[], string]>([
    [['acked', 'stream', 'unary'], 'live.streaming.probing'],
    [['stream', 'unary'], 'live.streaming.probing'],
    [['unary'], 'live.unary'],
    [[], 'failed'],
  ])('begins with the best of %j', (forms, state) => {
    const { snapshot } = travel(eventStreamMachine, eventStreamInput(forms), [EVENTS.start]);

    expect(stateOf(snapshot)).toBe(state);
  });

  it('waits 5 s for the answer to an acknowledged stream, and 1 s for a refusal of a plain one', () => {
    const delays = [PATHS.probing, plain].map((path) => {
      const { snapshot } = go(path);
      return eventStreamMachine.implementations.delays['probeTimeout' as never] === undefined
        ? 0
        : (eventStreamMachine.implementations.delays['probeTimeout' as never] as unknown as (args: unknown) => number)({
            context: snapshot.context,
          });
    });

    expect(delays).toEqual([5000, 1000]);
  });
});

// Helpers

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function arrive({ after, forms }: Situation): Journey {
  return travel(eventStreamMachine, eventStreamInput(forms), eventsOf(after));
}

function go(names: readonly EventName[]): Journey {
  return travel(eventStreamMachine, eventStreamInput(), eventsOf(names));
}

let explored: readonly Journey[] | undefined;

/** Everything that can be reached with up to three streams. */
function reachable(): readonly Journey[] {
  const keyOf = ({ value, context }: AnyMachineSnapshot): string => {
    const { forms, wasOpen, timeouts, generation, isLost } = context;
    return JSON.stringify([value, forms, wasOpen, timeouts, Math.min(generation, 3), isLost]);
  };
  explored ??= explore(eventStreamMachine, { input: eventStreamInput(), events: Object.values(EVENTS), keyOf });
  return explored;
}

/** The transitions that an event triggers and that do something. */
function triggered(): readonly unknown[] {
  return nodesOf(eventStreamMachine.root)
    .flatMap((node) => [...node.transitions.values()].flat())
    .filter(({ target, actions }) => target !== undefined || actions.length > 0);
}
