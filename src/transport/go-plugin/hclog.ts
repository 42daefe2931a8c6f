// Lines of a plugin's standard error: HashiCorp's hclog in its JSON form, and whatever else programs print there.
//
// Invariants:
//   L1. Reading never throws. Go hosts panic on `{"@level":"info","@message":5}`; here that is a malformed line.
//   L2. A line that cannot be understood is kept as it came, as the message of a debug entry.
//   L3. After the first line of a Go panic every line without a level of its own is an error: it is the stack trace.
//   L4. A line that is written is one line of at most MAX_LOG_LINE_BYTES, with string values under `@level`, `@message`,
//       `@module` and `@timestamp` and six fraction digits: Go hosts take it for plain text or panic otherwise.

import type { LogFields, LogLevel } from '../../ports/logger.ts';
import { cutText, plainFields } from './log-fields.ts';

/** Longest line that is written, in bytes, newline included. Go hosts chop lines at 64 KiB. */
export const MAX_LOG_LINE_BYTES = 61_440;

/** Longest line that is read as JSON, in UTF-16 units; of a longer one this much is kept as text. */
export const MAX_PARSED_LINE_CHARS = 65_536;

/** What a line of standard error says. */
export interface ParsedLogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** Name of the logger within the plugin (`@module`). */
  readonly logger?: string;
  /** When the entry was made, as the plugin wrote it: RFC 3339 with 0 to 9 fraction digits. */
  readonly timestamp?: string;
  /** Everything else of a structured entry, as plain data without `__proto__` keys. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** True when the line looks like a structured entry and is not a usable one. */
  readonly malformed: boolean;
  /** True for the first line of a Go panic, and for the untagged lines after it when they come from one parser. */
  readonly panic?: boolean;
}

/** Reads the lines of one process in their order. */
export interface LogLineParser {
  /** Reads the next line. Never throws. */
  parse(line: string): ParsedLogLine;
}

/** What is written to standard error for a host that understands hclog. */
export interface LogLineEntry {
  readonly level: LogLevel;
  readonly message: string;
  /** Name of the logger. Cut after 256 UTF-16 units. */
  readonly module?: string | undefined;
  /** Wall-clock time in milliseconds since the epoch; fractions become microseconds. */
  readonly at: number;
  /** Anything; what JSON cannot hold becomes a text. Keys of hclog itself (`@level` …) are left out. */
  readonly fields?: LogFields | undefined;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const OWN_KEYS: ReadonlySet<string> = new Set(['@level', '@message', '@module', '@timestamp', '@dropped']);
const MAX_MODULE_CHARS = 256;
/** Goes in place of fields that found no room. */
const DROPPED = ',"@dropped":true';

/** Reads one line on its own. Never throws. Panics keep their level only with `createLogLineParser`. */
export function parseLogLine(line: string): ParsedLogLine {
  return classified(withoutLineEnd(line)).parsed;
}

/** A parser that remembers a Go panic, so that its stack trace is logged as errors. */
export function createLogLineParser(): LogLineParser {
  let panicked = false;
  const parse = (line: string): ParsedLogLine => {
    const { parsed, isTagged } = classified(withoutLineEnd(line));
    if (parsed.panic === true) panicked = true;
    return panicked && !isTagged ? { ...parsed, level: 'error', panic: true } : parsed; // L3
  };
  return { parse };
}

/** The entry as one line of JSON, newline included. Never throws; what does not fit is cut or left out. */
export function formatLogLine(entry: LogLineEntry): string {
  const { level, message, module, at, fields = {} } = entry;
  const stamp = timestampOf(at);
  const start = `{"@level":"${level}","@message":`;
  const middle =
    (stamp === undefined ? '' : `,"@timestamp":"${stamp}"`) +
    (module === undefined ? '' : `,"@module":${JSON.stringify(cutText(module, MAX_MODULE_CHARS))}`);
  const frame = Buffer.byteLength(start) + Buffer.byteLength(middle) + DROPPED.length + '}\n'.length;
  const text = fittingText(message, MAX_LOG_LINE_BYTES - frame);
  const rest = fittingFields(fields, MAX_LOG_LINE_BYTES - frame - Buffer.byteLength(text));
  return `${start}${text}${middle}${rest}}\n`;
}

interface Classified {
  readonly parsed: ParsedLogLine;
  /** Whether the line itself says its level. */
  readonly isTagged: boolean;
}

function classified(line: string): Classified {
  const kept = line.length > MAX_PARSED_LINE_CHARS ? line.slice(0, MAX_PARSED_LINE_CHARS) : line;
  if (!/^[ \t]*\{/.test(line)) return classifiedText(kept);
  return (kept === line ? classifiedJson(line) : undefined) ?? untagged(kept, true); // L2
}

/** Not by a pattern: `[\r\n]+$` takes quadratic time over a run of carriage returns that is not at the end. */
function withoutLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) end -= 1;
  return line.slice(0, end);
}

function classifiedText(line: string): Classified {
  const tag = /^\[(TRACE|DEBUG|INFO|WARN|ERROR)\][ \t]*/.exec(line);
  const level = levelOf(tag?.[1]);
  if (tag !== null && level !== undefined) {
    return { parsed: { level, message: line.slice(tag[0].length), fields: {}, malformed: false }, isTagged: true };
  }
  if (!/^(?:panic|fatal error): /.test(line)) return untagged(line, false);
  return { parsed: { level: 'error', message: line, fields: {}, malformed: false, panic: true }, isTagged: false };
}

/** Undefined when the line is no usable entry. */
function classifiedJson(line: string): Classified | undefined {
  const entry = jsonObject(line);
  if (entry === undefined) return undefined;
  const { '@level': levelText, '@message': message = '', '@module': module, '@timestamp': stamp = '', ...rest } = entry;
  if (typeof message !== 'string' || typeof stamp !== 'string') return undefined; // L1
  // A structured line of another library: not ours to judge, and its level has another name.
  if (levelText === undefined) return untagged(line, false);
  const level = levelOf(levelText);
  if (level === undefined) return undefined;
  // A module or a time in another form stays among the fields: better there than lost with the whole entry.
  const logger = typeof module === 'string' ? { logger: module } : undefined;
  const timestamp = TIMESTAMP.test(stamp) ? { timestamp: stamp } : undefined;
  if (logger === undefined && module !== undefined) rest['@module'] = module;
  if (timestamp === undefined && stamp !== '') rest['@timestamp'] = stamp;
  const fields = plainFields(rest);
  return { parsed: { level, message, ...logger, ...timestamp, fields, malformed: false }, isTagged: true };
}

function jsonObject(line: string): Record<string, unknown> | undefined {
  try {
    // The line starts with a brace, so that what parses is an object.
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined; // not JSON: the caller keeps the line as text
  }
}

function untagged(message: string, malformed: boolean): Classified {
  return { parsed: { level: 'debug', message, fields: {}, malformed }, isTagged: false };
}

function levelOf(text: unknown): LogLevel | undefined {
  const name = typeof text === 'string' ? text.trim().toLowerCase() : undefined;
  return LEVELS.find((level) => level === name);
}

/** With six fraction digits; undefined when the time does not fit into Go's layout, which then needs none. */
function timestampOf(at: number): string | undefined {
  const wholeMs = Math.floor(at);
  // Years 0 to 9999: others are written with a sign and six digits.
  if (!(wholeMs >= -62_167_219_200_000 && wholeMs < 253_402_300_800_000)) return undefined;
  const micros = Math.min(999, Math.round((at - wholeMs) * 1000));
  return new Date(wholeMs).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

/** The text as JSON of at most `budget` bytes. Characters take 1 to 6 bytes, so that the right length is searched for. */
function fittingText(text: string, budget: number): string {
  let kept = cutText(text, budget);
  for (;;) {
    const json = JSON.stringify(kept.length === text.length ? kept : `${kept}…`);
    const bytes = Buffer.byteLength(json);
    if (bytes <= budget) return json;
    kept = cutText(kept, Math.floor((kept.length * budget) / bytes)); // shorter each time
  }
}

/** The fields that fit into `budget` bytes, first come, first served, each with a comma in front. */
function fittingFields(fields: object, budget: number): string {
  let text = '';
  let left = budget;
  let isComplete = true;
  for (const [key, value] of Object.entries(plainFields(fields))) {
    if (OWN_KEYS.has(key) || value === undefined) continue;
    const field = `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
    const bytes = Buffer.byteLength(field);
    isComplete &&= bytes <= left;
    if (bytes > left) continue;
    text += field;
    left -= bytes;
  }
  return isComplete ? text : text + DROPPED;
}
