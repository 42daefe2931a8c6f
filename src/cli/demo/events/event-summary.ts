import type { Style } from '../../style.ts';
import { eventSums } from './event-report.ts';
import type { EventsReport } from './event-report.ts';
import { accountLines } from './event-table.ts';

/** The end of the scene about events, for people. Lines of at most `width` characters, where the table fits. */
export function eventSummary(report: EventsReport, width: number, paint: Style): string[] {
  const { talk, perSecond } = report;
  const sums = eventSums(report);
  const isClean = sums['duplicatesWithinProcess'] === 0 && sums['outOfOrder'] === 0;
  return [
    paint('strong', 'What became of the events'),
    ...accountLines(report.subscribers, width - 2, paint).map((line) => `  ${line}`),
    '',
    '  In each row, events = delivered + pending + failed + dropped + unknown.',
    '  The journal is what the plugin itself wrote: a line for each event handled.',
    '',
    `  twice     ${paint(isClean ? 'good' : 'bad', `${sums['duplicatesWithinProcess']} within a process, ${sums['outOfOrder']} out of order`)}`,
    `  again     ${sums['redeliveredAfterCrash']} events went to the new process that the killed one had handled`,
    `  streams   ${sums['resumed']} resumed where it was cut, ${sums['fallbacks']} changes to a lesser form`,
    `  emitted   ${talk.emitted} by "talker", ${sums['refused']} refused${talk.refusal === undefined ? '' : ` [${talk.refusal.code}]`}`,
    `  speed     ${perSecond.toLocaleString('en-GB')} deliveries a second, journals, cut, kill and restart included`,
  ];
}
