import { fc } from '@fast-check/vitest';
import type { EventObject } from 'xstate';
import { possibleEvents } from '../../test/machines/laws.ts';
import type { Journey } from '../../test/machines/laws.ts';
import { COMMANDS, EVENTS, OUTSIDE } from '../../test/machines/plugin-process.alphabet.ts';

/** One step of a plugin process: what leads on, what can happen now, a command, or any event of the alphabet. */
export interface Choice {
  readonly among: 'onward' | 'possible' | 'commands' | 'everything';
  readonly number: number;
}

const ALL = Object.values(EVENTS);
const ALL_COMMANDS = Object.values(COMMANDS);
const ALL_OUTSIDE = Object.values(OUTSIDE);
const ONWARD = [
  OUTSIDE.spawned,
  OUTSIDE.handshaken,
  OUTSIDE.connected,
  OUTSIDE.probed,
  OUTSIDE['health interval'],
  OUTSIDE.healthy,
  OUTSIDE.drained,
  OUTSIDE.asked,
  OUTSIDE['cleaned up'],
  OUTSIDE['restart verdict'],
  OUTSIDE.backoff,
];

/** Most steps lead on, or else hardly any sequence would reach `ready`. */
export function choice(): fc.Arbitrary<Choice> {
  const among = (kind: Choice['among'], weight: number) => ({
    weight,
    arbitrary: fc.record({ among: fc.constant(kind), number: fc.nat(1_000) }),
  });
  return fc.oneof(among('onward', 12), among('possible', 4), among('commands', 2), among('everything', 1));
}

/** The event that a choice stands for where the journey is now. */
export function chosenEvent(journey: Journey, { among, number }: Choice): EventObject {
  const wanted = eventsAmong(journey, among);
  // Where nothing happens by itself, only a command leads on.
  const events = wanted.length > 0 ? wanted : ALL_COMMANDS;
  return events[number % events.length] as EventObject;
}

function eventsAmong(journey: Journey, among: Choice['among']): readonly EventObject[] {
  switch (among) {
    case 'onward':
      return possibleEvents(journey, ONWARD);
    case 'possible':
      return possibleEvents(journey, ALL_OUTSIDE);
    case 'commands':
      return ALL_COMMANDS;
    case 'everything':
      return ALL;
  }
}
