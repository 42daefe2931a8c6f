import { describe, expect, it } from 'vitest';
import { eventDiscrepancies, eventSums } from '../../../../src/cli/demo/events/event-report.ts';
import type { EventsReport, SubscriberReport } from '../../../../src/cli/demo/events/event-report.ts';

describe('eventDiscrepancies', () => {
  it('finds nothing wrong with 10 of 10 events', () => {
    expect(eventDiscrepancies(report({}))).toEqual([]);
  });

  it.each([
    [{ delivered: 9 }, 'the counters of "calm" do not add up'],
    [{ delivered: 9, dropped: 1 }, '1 events of "calm" are dropped'],
    [{ delivered: 9, failed: 1 }, '1 events of "calm" are failed'],
    [{ delivered: 9, pending: 1 }, '1 events of "calm" are pending'],
    [{ delivered: 9, unknown: 1 }, '1 events of "calm" are unknown'],
    [{ published: 11, delivered: 11 }, '"calm" has journalled 10 of 11 events'],
  ])('finds %j', (counts, problem) => {
    expect(eventDiscrepancies(report(counts))).toEqual([problem]);
  });

  it('accepts unknown events of a plain stream only', () => {
    expect(eventDiscrepancies(report({ form: 'stream', delivered: 9, unknown: 1 }))).toEqual([]);
  });

  it.each(['duplicatesWithinProcess', 'outOfOrder', 'missing', 'strange'] as const)(
    'finds a journal with %s',
    (what) => {
      const journal = { ...CALM.journal, [what]: 2 };

      expect(eventDiscrepancies(report({ journal }))).toEqual([`${what} is 2 in the journal of "calm"`]);
    },
  );

  it('finds an emit that was not refused, and one that nobody published', () => {
    const { talk } = report({});

    expect(eventDiscrepancies({ ...report({}), talk: { ...talk, refusal: undefined }, refused: 0 })).toHaveLength(2);
    expect(eventDiscrepancies({ ...report({}), emitted: 1 })).toEqual([
      '"talker" emitted 2 events, and 1 were published',
    ]);
  });
});

describe('eventSums', () => {
  it('adds 2 subscribers up', () => {
    const one = report({});

    expect(eventSums({ ...one, subscribers: [CALM, CALM] })).toMatchObject({
      published: 20,
      delivered: 20,
      emitted: 2,
    });
  });
});

// Helpers

const CALM: SubscriberReport = {
  name: 'calm',
  form: 'acked',
  state: 'ready',
  published: 10,
  delivered: 10,
  dropped: 0,
  failed: 0,
  pending: 0,
  unknown: 0,
  journal: {
    lines: 10,
    events: 10,
    pids: [1],
    duplicatesWithinProcess: 0,
    redeliveredAfterCrash: 0,
    outOfOrder: 0,
    missing: 0,
    strange: 0,
  },
};

function report(counts: Partial<SubscriberReport>): EventsReport {
  return {
    subscribers: [{ ...CALM, ...counts }],
    talk: { emitted: 2, refusal: { code: 'EMIT_DENIED', message: 'no' } },
    fallbacks: 3,
    resumed: 1,
    emitted: 2,
    refused: 1,
    perSecond: 100,
  };
}
