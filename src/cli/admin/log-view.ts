import type { LogLine } from '../../gen/troupe/admin/v1/admin.ts';
import { oneLine } from '../printable.ts';
import type { Style, Tone } from '../style.ts';

const TONES: Readonly<Record<string, Tone>> = { trace: 'faint', debug: 'faint', warn: 'busy', error: 'bad' };
const LEVEL_WIDTH = 5;

/** A line as it is printed with `--json`. */
export function logLineJson(line: LogLine): Readonly<Record<string, unknown>> {
  const { cursor, at, plugin, level, message, fieldsJson } = line;
  const fields = fieldsJson === '' ? {} : (JSON.parse(fieldsJson) as unknown);
  return { cursor: Number(cursor), at: new Date(Number(at)).toISOString(), plugin, level, message, fields };
}

/** A line for people: when, how important, of whom, what, and more about it. */
export function logLineText({ at, plugin, level, message, fieldsJson }: LogLine, paint: Style): string {
  const time = paint('faint', new Date(Number(at)).toISOString());
  const tone = TONES[level];
  const importance = oneLine(level).padEnd(LEVEL_WIDTH);
  const about = paint('strong', oneLine(plugin));
  const fields = fieldsJson === '' ? '' : ` ${paint('faint', fieldsText(fieldsJson))}`;
  const text = oneLine(message);
  return `${time} ${tone === undefined ? importance : paint(tone, importance)} ${about} ${text}${fields}`;
}

function fieldsText(json: string): string {
  const entries = Object.entries(JSON.parse(json) as object);
  return entries
    .map(
      ([key, value]) => `${key}=${typeof value === 'string' && !/[\s="]/.test(value) ? value : JSON.stringify(value)}`,
    )
    .map(oneLine)
    .join(' ');
}
