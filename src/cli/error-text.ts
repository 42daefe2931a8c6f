// Errors as people see them in a terminal: one line, and below it what helps to act on it.

import { isRuntimeError, RuntimeError } from '../errors/index.ts';
import { adviceFor } from './advice.ts';
import { oneLine, printable } from './printable.ts';

/** How errors are written. */
export interface ErrorTextOptions {
  /** Adds the stack and the causes. Default: whether the variable `TROUPE_DEBUG` is set, and not to 0. */
  readonly debug?: boolean;
}

/**
 * `error [CODE]: text` and a line break. Indented lines follow when the error has more to say: `problems` of a file,
 * the last lines that a plugin wrote.
 */
export function errorText(error: unknown, options: ErrorTextOptions = {}): string {
  const { debug = isDebugging() } = options;
  const { code, rawMessage, details } = RuntimeError.from(error);
  const { plugin, problems } = details;
  // Of several plugins, which one? Errors of the system know only the command.
  const isNamed = typeof plugin !== 'string' || rawMessage.includes(`"${plugin}"`);
  const subject = isNamed ? '' : `plugin "${plugin}": `;
  const lines = [`error [${code}]: ${oneLine(`${subject}${rawMessage}`)}`, ...listOf(problems)];
  const tail = listOf(details['stderrTail']);
  const advice = adviceFor(code, details);
  if (advice !== undefined) lines.push(`  ${oneLine(advice)}`);
  if (tail.length > 0) lines.push('  its last lines on standard error:', ...tail.map((line) => `  |${line}`));
  if (debug) lines.push(stackOf(error));
  else if (!isRuntimeError(error)) lines.push('  this is a defect in troupe; TROUPE_DEBUG=1 shows where');
  return `${lines.join('\n')}\n`;
}

function isDebugging(): boolean {
  const value = process.env['TROUPE_DEBUG'];
  return value !== undefined && value !== '' && value !== '0';
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map((line) => `  ${oneLine(String(line))}`) : [];
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${printable(error.stack ?? error.message)}${cause}`;
}
