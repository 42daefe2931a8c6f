import { describe, expect, it } from 'vitest';
import { createEventStreamLogic } from '../../src/actors/index.ts';
import type { Actor, EventPlane } from '../../src/actors/index.ts';
import type { eventStreamMachine, EventStreamFact, PlaneReport } from '../../src/machines/index.ts';
import { resolveEventStreamPolicy } from '../../src/policy/index.ts';
import { defineScenario, explore } from '../../src/testing/index.ts';
import type { Client, Scenario, ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { raceSize } from './race-size.ts';

/** A data plane that does nothing but say what it would, when the schedule says so. */
interface FakePlane extends EventPlane {
  readonly calls: string[];
  created: number;
  readonly released: number;
  /** Whether a stream is open and single calls are made at the same time. */
  readonly isTorn: boolean;
  report: (report: PlaneReport) => void;
  readonly generation: number;
}

interface StreamUnderRace {
  readonly actor: Actor<typeof eventStreamMachine>;
  readonly plane: FakePlane;
  readonly facts: readonly EventStreamFact[];
}

interface StreamRace {
  readonly name: string;
  readonly races: (context: ScheduleContext, stream: StreamUnderRace) => void;
}

const cut = (proved: boolean) => (plane: FakePlane) =>
  plane.report({
    type: 'plane.cut',
    generation: plane.generation,
    code: 'UNAVAILABLE',
    message: 'gone',
    proved,
    random: 0.5,
  });
const opened = (plane: FakePlane): void => plane.report({ type: 'plane.opened', generation: plane.generation });
const proved = (plane: FakePlane): void => plane.report({ type: 'plane.proved', generation: plane.generation });
const ended = (plane: FakePlane): void => plane.report({ type: 'plane.ended' });

const RACES: readonly StreamRace[] = [
  {
    name: 'a stop that meets a cut',
    races(context, stream) {
      reports(context, stream, 'plugin', opened, cut(true), opened, cut(false));
      tells(context, stream, 'operator', 'stop');
    },
  },
  {
    name: 'a loss that meets acknowledgements and a cut',
    races(context, stream) {
      reports(context, stream, 'plugin', opened, proved, cut(true));
      tells(context, stream, 'host', 'lost');
    },
  },
  {
    name: 'a stop, a loss and a cut at the same time',
    races(context, stream) {
      reports(context, stream, 'plugin', opened, cut(false), ended);
      tells(context, stream, 'operator', 'stop', 'stop');
      tells(context, stream, 'host', 'lost');
    },
  },
  {
    name: 'a cut that meets the refusal of single calls',
    races(context, stream) {
      reports(context, stream, 'plugin', opened, cut(false));
      reports(context, stream, 'calls', (plane) => plane.report({ type: 'plane.refused', message: 'no' }));
      tells(context, stream, 'operator', 'stop');
    },
  },
];

describe('the event-stream chart, against its data plane', () => {
  it.each(RACES)('keeps its promises in $name', async (race) => {
    const result = await explore(scenario(race), { ...raceSize(600), limitMs: 120_000 });

    expect(result.distinct).toBeGreaterThan(20);
  });
});

// Helpers

function scenario(race: StreamRace): Scenario<StreamUnderRace> {
  return defineScenario<StreamUnderRace>({
    name: race.name,
    setup(context) {
      const plane = createFakePlane();
      const logic = createEventStreamLogic({
        createPlane(report) {
          plane.created += 1;
          plane.report = report;
          return plane;
        },
      });
      const policy = resolveEventStreamPolicy({ backoff: { jitter: 'none' } });
      const input = { subscriber: 'kv', forms: ['acked', 'stream', 'unary'] as const, policy };
      const actor = context.system.spawn(logic, { name: 'kv', input });
      const facts: EventStreamFact[] = [];
      actor.onFact((fact) => facts.push(fact));
      actor.tell({ type: 'stream.start' });
      const stream = { actor, plane, facts };
      race.races(context, stream);
      return stream;
    },
    // S1.
    invariant: ({ plane }) => !plane.isTorn || 'single calls are made beside a stream',
    check: ({ actor, plane, facts }): Verdict => {
      if (actor.snapshot().status !== 'done') return `not ended but ${JSON.stringify(actor.snapshot().value)}`;
      // A stop may also come before the start.
      if (plane.released !== plane.created) return `made ${plane.created} times, released ${plane.released} times`;
      const closed = facts.filter(({ type }) => type === 'stream.closed').length;
      return closed === 1 || `it was said ${closed} times that the stream is closed`;
    },
  });
}

function reports(
  { client }: ScheduleContext,
  { plane }: StreamUnderRace,
  name: string,
  ...steps: ((plane: FakePlane) => void)[]
): void {
  client(name, ...steps.map((step) => () => step(plane)));
}

function tells(
  { client }: ScheduleContext,
  { actor }: StreamUnderRace,
  name: string,
  ...commands: ('stop' | 'lost')[]
): void {
  const messages = { stop: { type: 'stream.stop', drainMs: 100 }, lost: { type: 'process.lost' } } as const;
  client(name, ...commands.map((command) => (me: Client) => me.tell(actor, messages[command])));
}

function createFakePlane(): FakePlane {
  const calls: string[] = [];
  let [generation, released, isStream, isUnary] = [0, 0, false, false];
  const plane: FakePlane = {
    calls,
    created: 0,
    get generation() {
      return generation;
    },
    get released() {
      return released;
    },
    get isTorn() {
      return isStream && isUnary;
    },
    report: () => {},
    openStream(_, number) {
      calls.push('openStream');
      [generation, isStream] = [number, true];
    },
    trustStream: () => {},
    cutStream: () => void (isStream = false),
    openUnary() {
      calls.push('openUnary');
      [isStream, isUnary] = [false, true];
      plane.report({ type: 'plane.replayed' });
    },
    pauseUnary() {
      isUnary = false;
      plane.report({ type: 'plane.paused' });
    },
    drain: () => {},
    close: () => {},
    release: () => void (released += 1),
  };
  return plane;
}
