import type { HostFact, PluginEventFact } from '../host/index.ts';
import type { EventStreamFact, PluginProcessFact, PluginReplacementFact } from '../machines/index.ts';
import { oneLine } from './printable.ts';
import type { Tone } from './style.ts';

/** A fact in words. */
export interface FactText {
  readonly text: string;
  readonly tone: Tone | undefined;
}

/** Says a fact about a plugin in one line, without the plugin's name in front. */
export function factText(
  fact: PluginProcessFact | PluginReplacementFact | Exclude<PluginEventFact, EventStreamFact>,
): FactText {
  switch (fact.type) {
    case 'plugin.starting':
      return { text: fact.launch === 1 ? 'starts' : `starts again (start ${fact.launch})`, tone: undefined };
    case 'plugin.ready':
      return { text: `is ready as process ${fact.pid ?? 'unknown'}`, tone: 'good' };
    case 'plugin.unhealthy':
      return {
        text: `missed ${fact.missed} health check${fact.missed === 1 ? '' : 's'}: ${oneLine(fact.message)}`,
        tone: 'busy',
      };
    case 'plugin.failed':
      return { text: `failed [${fact.failure.code}]: ${oneLine(fact.failure.message)}`, tone: 'bad' };
    case 'plugin.backingOff':
      return { text: `is started again in ${Math.round(fact.delayMs)} ms`, tone: 'busy' };
    case 'plugin.quarantined':
      return { text: 'is in quarantine: it crashed too often and is not started again', tone: 'bad' };
    case 'plugin.eventsUnsupported':
    case 'plugin.eventsFailed':
      return { text: `gets no events [${fact.failure.code}]: ${oneLine(fact.failure.message)}`, tone: 'bad' };
    case 'plugin.staged':
      return { text: 'has a new version beside it that is ready', tone: undefined };
    case 'plugin.swapped':
      return { text: 'goes on as its new version', tone: 'good' };
    case 'plugin.standbyLost':
      return { text: 'cannot go back: the version that stood by has ended', tone: 'bad' };
    case 'plugin.reverted':
      return { text: `goes on as the version before${reasonOf(fact.failure)}`, tone: 'busy' };
    case 'plugin.replacementEnded':
      return { text: `ended the change of its version: ${fact.end}${reasonOf(fact.failure)}`, tone: undefined };
    case 'plugin.dead':
      return { text: fact.outcome.kind === 'stopped' ? 'is stopped' : 'has ended for good', tone: undefined };
  }
}

/** What a plugin wrote on standard error before it failed, for lines below that of the fact; nothing for other facts. */
export function lastWordsOf(fact: HostFact): readonly string[] {
  if (fact.type !== 'plugin.failed') return [];
  return fact.stderrTail.filter((line) => line.trim() !== '').map((line) => `|  ${oneLine(line)}`);
}

/** Whether a fact is a step of a stream of events: only scenes about events tell those. */
export function isStreamFact(fact: HostFact): fact is HostFact & EventStreamFact {
  return fact.type.startsWith('stream.');
}

function reasonOf(failure: { readonly code: string; readonly message: string } | undefined): string {
  return failure === undefined ? '' : ` [${failure.code}]: ${oneLine(failure.message)}`;
}
