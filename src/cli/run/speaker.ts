import type { Clock } from '../../ports/index.ts';
import { oneLine } from '../printable.ts';
import { styleFor } from '../style.ts';
import type { Tone } from '../style.ts';

/** Prints one line: about whom, and what. */
export type Say = (about: string, text: string, tone?: Tone) => void;

/** Prints lines with the time in front to standard output, whatever is in the texts. */
export function createSpeaker(clock: Clock): Say {
  const paint = styleFor(process.stdout);
  return (about, text, tone) => {
    const time = new Date(clock.now()).toISOString();
    const line = oneLine(text);
    const words = tone === undefined ? line : paint(tone, line);
    process.stdout.write(`${paint('faint', time)}  ${paint('strong', oneLine(about))}  ${words}\n`);
  };
}
