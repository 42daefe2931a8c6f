// Bugs that the properties of supervision and of the timer wheel must find. Plant one, run its property, see it fail,
// restore.

import type { Mutant } from './actors-and-machines.ts';

const SUPERVISOR = 'property-tests/supervisor.machine.prop.ts';
const WHEEL = 'property-tests/policy/timer-wheel.model.prop.ts';
const POLICY = 'property-tests/policy/supervision.policy.prop.ts';

/** One bug or more for each property. */
export const SUPERVISION_MUTANTS: readonly Mutant[] = [
  {
    name: 'who joins while others are stopped is started without a stop (V2)',
    file: 'src/machines/supervisor.machine.ts',
    from: 'rememberStopped: assign(({ context }) => withStopped(context)),',
    to: 'rememberStopped: assign({ stopped: ({ context }) => context.down }),',
    killedBy: SUPERVISOR,
  },
  {
    name: 'those after a member whose start failed are forgotten (V1)',
    file: 'src/machines/supervisor.books.ts',
    from: 'const missing = context.batch.slice(index + 1);',
    to: 'const missing = context.batch.slice(context.batch.length + index);',
    killedBy: SUPERVISOR,
  },
  {
    name: 'a failure in the meantime replaces the one before it (V1)',
    file: 'src/machines/supervisor.books.ts',
    from: 'down: inOrder(context, [...context.down, ...others]),',
    to: 'down: inOrder(context, [...others]),',
    killedBy: SUPERVISOR,
  },
  {
    name: 'members are stopped in start order (V3)',
    file: 'src/machines/supervisor.books.ts',
    from: 'return down.filter((name) => !stopped.includes(name)).toReversed();',
    to: 'return down.filter((name) => !stopped.includes(name));',
    killedBy: SUPERVISOR,
  },
  {
    name: 'one restart too many (V4)',
    file: 'src/machines/supervisor.books.ts',
    from: 'limit: maxRestarts + 1,',
    to: 'limit: maxRestarts + 2,',
    killedBy: SUPERVISOR,
  },
  {
    name: 'a stop during the wait is not heard (V6)',
    file: 'src/machines/supervisor.machine.ts',
    from: "      after: { backoff: 'starting' },\n      on: {\n        stop: 'halted',",
    to: "      after: { backoff: 'starting' },\n      on: {",
    killedBy: SUPERVISOR,
  },
  {
    name: 'a restart depends on more than the events (replay)',
    file: 'src/machines/supervisor.books.ts',
    from: 'attempts: before.attempts + 1 };',
    to: 'attempts: before.attempts + 1 + Math.random() };',
    killedBy: SUPERVISOR,
  },
  {
    name: 'a slot gives what was added first (W1)',
    file: 'src/policy/timer-slot.ts',
    from: 'if (timer.deadlineMs < last.deadlineMs) this.#isSorted = false;',
    to: '',
    killedBy: WHEEL,
  },
  {
    name: 'of two timers with one deadline the later fires first (S1)',
    file: 'src/policy/timer-slot.ts',
    from: 'timer.deadlineMs < first.deadlineMs',
    to: 'timer.deadlineMs <= first.deadlineMs',
    killedBy: WHEEL,
  },
  {
    name: 'a slot whose last timer was cancelled still counts as used (W4)',
    file: 'src/policy/timer-wheel.ts',
    from: 'if (slot !== this.#due && slot.isEmpty) this.#markEmpty(slot);',
    to: '',
    killedBy: WHEEL,
  },
  {
    name: 'a timer beyond 2^25 ms stands on a level that is too low (W3)',
    file: 'src/policy/timer-wheel.ts',
    from: 'if (high !== presentHigh)',
    to: 'if (high > presentHigh + 1)',
    killedBy: WHEEL,
  },
  {
    name: 'the rest begins after the one that failed (R2)',
    file: 'src/policy/supervision.ts',
    from: 'return members.slice(index);',
    to: 'return members.slice(index + 1);',
    killedBy: POLICY,
  },
  {
    name: 'a child that was stopped is started again (R1)',
    file: 'src/policy/supervision.ts',
    from: "if (outcome === 'stopped') return false;",
    to: '',
    killedBy: POLICY,
  },
];
