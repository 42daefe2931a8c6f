// How the demo tells what becomes of the streams: the host has a fact for each of their steps.

import type { HostFact } from '../../../host/index.ts';
import type { EventStreamFact } from '../../../machines/index.ts';
import { isStreamFact } from '../../fact-text.ts';
import type { FactText } from '../../fact-text.ts';
import { printable } from '../../printable.ts';

/** A listener for the facts of a host that passes the steps of event streams on, with the name of the plugin. */
export function createStreamListener(hear: (plugin: string, fact: EventStreamFact) => void): (fact: HostFact) => void {
  return (fact) => {
    if (isStreamFact(fact)) hear(fact.plugin, fact);
  };
}

/** A step in words; undefined for those that are no news. */
export function streamText(fact: EventStreamFact): FactText | undefined {
  switch (fact.type) {
    case 'stream.opened':
      // One that was opened again is told as resumed.
      return fact.generation > 1 && fact.form === 'acked'
        ? undefined
        : { text: `gets its events by ${WAYS[fact.form]}`, tone: 'good' };
    case 'stream.resumed':
      return { text: 'its stream is open again and goes on where the plugin was', tone: 'good' };
    case 'stream.unsupported':
      return { text: `does not know ${WAYS[fact.form]}: the next form is tried`, tone: 'busy' };
    case 'stream.cut':
      return { text: `its stream is cut [${fact.code}]: ${shortened(fact.message)}`, tone: 'bad' };
    case 'stream.fellBack':
      return { text: 'what is left of its stream goes by single calls', tone: 'busy' };
    case 'stream.stalled':
      return { text: 'takes nothing at the moment', tone: 'busy' };
    default:
      return undefined;
  }
}

/** The first words: what gRPC says may have several lines. */
function shortened(message: string): string {
  const text = printable(message.replace(/\s*\n\s*/g, ' '));
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

const LONGEST = 48;

const WAYS = { acked: 'an acked stream', stream: 'a plain stream', unary: 'single calls' } as const;
