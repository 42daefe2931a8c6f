import { styleText } from 'node:util';

/** What a piece of text stands for. */
export type Tone = 'good' | 'bad' | 'busy' | 'faint' | 'strong';

/** Colours a piece of text, or leaves it as it is. */
export type Style = (tone: Tone, text: string) => string;

const FORMATS = {
  good: 'green',
  bad: 'red',
  busy: 'yellow',
  faint: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, string>;

/** Colours for a stream: only for a terminal, and not when `NO_COLOR` is set or the terminal knows none. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style {
  const coloured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return coloured ? (tone, text) => styleText(FORMATS[tone], text, { validateStream: false }) : (_, text) => text;
}
