import type { EventRole } from './event-cast.ts';
import type { TalkReport } from './event-talker.ts';
import type { JournalCount } from './event-journal.ts';

/** What the subscription of a plugin has counted. */
export interface EventCounts {
  readonly published: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly failed: number;
  readonly pending: number;
  readonly unknown: number;
}

/** What is known about a plugin that gets events. */
export interface EventRow extends EventCounts {
  readonly name: EventRole['name'];
  readonly form: string | undefined;
  readonly state: string;
}

/** The same at the end, with what the plugin itself says. */
export interface SubscriberReport extends EventRow {
  readonly journal: JournalCount;
}

/** What became of the scene about events. */
export interface EventsReport {
  readonly subscribers: readonly SubscriberReport[];
  readonly talk: TalkReport;
  /** Events that went on by a lesser form. */
  readonly fallbacks: number;
  /** Streams that went on where they were cut. */
  readonly resumed: number;
  /** Events of plugins that were published. */
  readonly emitted: number;
  /** Events of plugins that were refused. */
  readonly refused: number;
  /** Events a second, from the first to the last that was handled, all subscribers together. */
  readonly perSecond: number;
}

/** The sums over all subscribers, for programs. */
export function eventSums({ subscribers, fallbacks, resumed, emitted, refused }: EventsReport): Record<string, number> {
  const sum = (count: (one: SubscriberReport) => number): number =>
    subscribers.reduce((total, one) => total + count(one), 0);
  return {
    published: sum(({ published }) => published),
    delivered: sum(({ delivered }) => delivered),
    dropped: sum(({ dropped }) => dropped),
    failed: sum(({ failed }) => failed),
    pending: sum(({ pending }) => pending),
    unknown: sum(({ unknown }) => unknown),
    duplicatesWithinProcess: sum(({ journal }) => journal.duplicatesWithinProcess),
    redeliveredAfterCrash: sum(({ journal }) => journal.redeliveredAfterCrash),
    outOfOrder: sum(({ journal }) => journal.outOfOrder),
    fallbacks,
    resumed,
    emitted,
    refused,
  };
}

/** What must not be, one sentence each. */
export function eventDiscrepancies({ subscribers, talk, emitted, refused }: EventsReport): string[] {
  return [
    ...subscribers.flatMap(subscriberDiscrepancies),
    ...(talk.emitted === emitted ? [] : [`"talker" emitted ${talk.emitted} events, and ${emitted} were published`]),
    ...(talk.refusal?.code === 'EMIT_DENIED' ? [] : ['an event was not refused that "talker" may not emit']),
    ...(refused === 1 ? [] : [`${refused} events were refused instead of 1`]),
  ];
}

const NEVER = ['dropped', 'failed', 'pending'] as const;
const NEVER_IN_A_JOURNAL = ['duplicatesWithinProcess', 'outOfOrder', 'missing', 'strange'] as const;

function subscriberDiscrepancies(one: SubscriberReport): string[] {
  const { name, published, delivered, dropped, failed, pending, unknown, form, journal } = one;
  const isExact = published === delivered + dropped + failed + pending + unknown;
  return [
    ...(isExact ? [] : [`the counters of "${name}" do not add up`]),
    ...NEVER.filter((what) => one[what] > 0).map((what) => `${one[what]} events of "${name}" are ${what}`),
    ...(form === 'stream' || unknown === 0 ? [] : [`${unknown} events of "${name}" are unknown`]),
    ...NEVER_IN_A_JOURNAL.filter((what) => journal[what] > 0).map(
      (what) => `${what} is ${journal[what]} in the journal of "${name}"`,
    ),
    ...(journal.events >= delivered ? [] : [`"${name}" has journalled ${journal.events} of ${delivered} events`]),
  ];
}
