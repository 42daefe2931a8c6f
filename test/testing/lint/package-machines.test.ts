import { describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { lintMachine, machineCoverage } from '../../../src/testing/index.ts';
import type { LintOptions } from '../../../src/testing/index.ts';
import { loadMachines } from '../../../tools/diagrams.ts';
import { EVENTS as EVENT_STREAM, eventStreamInput } from '../../machines/event-stream.alphabet.ts';
import { pluginProcessInput } from '../../machines/plugin-process.alphabet.ts';
import { EVENTS as SUBSCRIPTION } from '../../machines/subscription.alphabet.ts';
import { EVENTS as SUPERVISOR, supervisorInput } from '../../machines/supervisor.alphabet.ts';

import { groupByType } from './group-by-type.ts';
import { LIFECYCLE_SUBJECTS } from './lifecycle-subjects.ts';

const list = (...events: object[]): readonly EventObject[] => events as EventObject[];

const SUBJECTS: Readonly<Record<string, LintOptions>> = {
  ...LIFECYCLE_SUBJECTS,
  'event-stream': {
    inputs: [
      eventStreamInput(),
      eventStreamInput(['stream', 'unary']),
      eventStreamInput(['acked'], { sendTimeouts: 1 }),
      eventStreamInput(['unary']),
    ],
    events: groupByType(EVENT_STREAM),
    // Streams and attempts have no end; what is asked of them is whether there were any.
    serialize: ({ value, context }) => {
      const { forms, wasOpen, attempt, timeouts, isLost, failure, generation } = context;
      return JSON.stringify([
        value,
        forms,
        wasOpen,
        attempt > 0,
        timeouts,
        isLost,
        failure?.code,
        Math.min(generation, 3),
      ]);
    },
  },
  host: { events: { 'host.stop': list({ type: 'host.stop', deadlineMs: 100 }) }, outputs: { killPlugins: [['kv']] } },
  'host-channel': {
    inputs: [{}],
    // The counters have no end, and no guard asks for them.
    serialize: ({ value }) => JSON.stringify(value),
  },
  'plugin-process': {
    inputs: [pluginProcessInput(), pluginProcessInput({ restart: 'never' })],
    events: {
      'process.exited': list(
        { type: 'process.exited', exit: { code: 3, signal: null } },
        { type: 'process.exited', exit: { code: null, signal: 'SIGKILL' } },
      ),
    },
    outputs: {
      spawnProcess: [{ pid: 7 }],
      readHandshake: [{ version: 2 }],
      cleanUp: [{ stderrTail: [] }],
      reportCrash: [
        { decision: 'restart', random: 0.5 },
        { decision: 'quarantine', random: 0.5 },
      ],
    },
    // The counters have no end; guards ask no more of them than this.
    serialize: ({ value, context }) =>
      JSON.stringify([value, context.goal, context.missed, context.failure?.code, context.starts > 0]),
  },
  subscription: {
    inputs: [{ name: 'audit' }],
    events: groupByType(SUBSCRIPTION),
    outputs: { closeQueue: [{ delivered: 1, dropped: 0, failed: 0, unknown: 0 }] },
    // Moments have no end.
    serialize: ({ value, context }) => JSON.stringify([value, context.drainMs, context.warnedAt > 0]),
  },
  supervisor: {
    inputs: [supervisorInput('oneForAll', { maxRestarts: 2 }), supervisorInput('restForOne', { stableMs: 1_000 })],
    events: groupByType(SUPERVISOR),
    outputs: { startMembers: startReports() },
    // Moments and windows have no end.
    serialize: ({ value, context }) => {
      const { members, records, down, stopped, batch, escalations } = context;
      return JSON.stringify([value, members.length, records.length, down, stopped, batch, escalations.length > 0]);
    },
  },
};

const machines = await loadMachines();

describe('every machine of the package', () => {
  it.each(machines)('$fileName is clean', { timeout: 60_000 }, ({ fileName, machine }) => {
    expect(lintMachine(machine, subjectOf(fileName))).toEqual([]);
  });

  it.each(machines)(
    '$fileName has no state and no transition that cannot be reached',
    { timeout: 60_000 },
    ({ fileName, machine }) => {
      const { states, transitions, complete } = machineCoverage(machine, subjectOf(fileName));

      expect([states.missing, transitions.missing, complete]).toEqual([[], [], true]);
    },
  );
});

// Helpers

function subjectOf(fileName: string): LintOptions {
  const subject = SUBJECTS[fileName];
  if (subject === undefined) throw new Error(`nobody has said what happens to "${fileName}"`);
  return subject;
}

/** What the alphabet says that starting members gives. */
function startReports(): readonly unknown[] {
  const done = Object.values<EventObject>(SUPERVISOR).filter(({ type }) =>
    type.startsWith('xstate.done.actor.0.supervisor.starting'),
  );
  return done.map((event) => (event as unknown as { readonly output: unknown }).output);
}
