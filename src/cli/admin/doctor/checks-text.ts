import { oneLine } from '../../printable.ts';
import { styleFor } from '../../style.ts';
import type { Style, Tone } from '../../style.ts';
import type { Check } from './check.ts';

const WORDS = { ok: 'ok', warning: 'look', failed: 'FAIL' } as const;
const TONES = { ok: 'good', warning: 'busy', failed: 'bad' } as const satisfies Record<Check['status'], Tone>;
const WORD_WIDTH = 5;
const NAME_WIDTH = 12;

/** The checks, a line each with what belongs to it below, and a verdict. */
export function checksText(checks: readonly Check[], paint: Style = styleFor(process.stdout)): string {
  const lines = checks.flatMap(({ name, status, message, details }) => [
    `${paint(TONES[status], WORDS[status].padEnd(WORD_WIDTH))}${name.padEnd(NAME_WIDTH)}${oneLine(message)}`,
    ...details.map((detail) => `${' '.repeat(WORD_WIDTH + NAME_WIDTH)}${oneLine(detail)}`),
  ]);
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const verdict = `${count('ok')} ok, ${count('warning')} to look at, ${count('failed')} failed`;
  return `${[...lines, verdict].join('\n')}\n`;
}
