// A schedule as one short text, which repeats it anywhere.
//
// The text is `r1~seed~limitMs~earlyTimers~faults~decisions`. Faults are numbers in the order of FAULT_KINDS. A decision
// is its index, one digit to the base 36 or `(n)` for higher ones, and a check digit over the option's key and the number
// of options, by which a program that has changed is found out.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { FAULT_KINDS, resolveFaults } from '../kernel/faults.ts';
import type { KernelSettings } from '../kernel/kernel.ts';
import { describeValue } from './required-options.ts';
import type { Choice, Decision, Strategy } from './strategies/strategy.ts';

const FORMAT = 'r1';
const BASE = 36;
const DECISION = /\(\d+\)[0-9a-z]|[0-9a-z]{2}/gy;

/** A schedule that was read from its text. */
export interface ParsedReplay {
  readonly settings: KernelSettings;
  readonly decisions: readonly { readonly index: number; readonly check: string }[];
}

/** Writes a schedule down. */
export function printReplay(settings: KernelSettings, decisions: readonly Decision[]): string {
  const { seed, limitMs, earlyTimers, faults } = settings;
  const counts = FAULT_KINDS.map((kind) => faults[kind]).join('.');
  const body = decisions.map((one) => `${printIndex(one.index)}${checkOf(one.key, one.of)}`).join('');
  return [FORMAT, seed, limitMs, earlyTimers, counts, body].join('~');
}

/** Reads a schedule. Throws `InvalidOptionsError` when the text is none. */
export function parseReplay(text: string): ParsedReplay {
  if (typeof text !== 'string') {
    throw new InvalidOptionsError('replay', `must be a text that a failure has printed, got ${describeValue(text)}`);
  }
  const parts = text.split('~');
  const [format, seed, limitMs, earlyTimers, counts = '', body = ''] = parts;
  const numbers = counts.split('.').map(Number);
  const decisions = body.match(DECISION) ?? [];
  const isWhole = decisions.join('') === body && numbers.length === FAULT_KINDS.length;
  if (format !== FORMAT || parts.length !== 6 || !isWhole) {
    throw new InvalidOptionsError('replay', `must be a text that a failure has printed, got "${text.slice(0, 40)}"`);
  }
  return {
    settings: {
      seed: Number(seed),
      limitMs: Number(limitMs),
      earlyTimers: Number(earlyTimers),
      faults: resolveFaults(Object.fromEntries(FAULT_KINDS.map((kind, i) => [kind, numbers[i]]))),
    },
    decisions: decisions.map((one) => ({ index: parseIndex(one.slice(0, -1)), check: one.slice(-1) })),
  };
}

/** Repeats a schedule; any difference is REPLAY_DIVERGED. */
export function repeat(decisions: ParsedReplay['decisions']): Strategy {
  return {
    name: 'replay',
    next: (run) => {
      if (run > 0) return undefined;
      let step = 0;
      return {
        madeBy: `replay of ${decisions.length} decisions`,
        choose: (options) => chooseSame(decisions, step++, options),
      };
    },
    done(record) {
      if (record.length >= decisions.length) return;
      throw new RuntimeError(
        'REPLAY_DIVERGED',
        `the schedule ended after ${record.length} of ${decisions.length} recorded decisions`,
      );
    },
  };
}

function chooseSame(decisions: ParsedReplay['decisions'], step: number, options: readonly Choice[]): number {
  const wanted = decisions[step];
  const option = options[wanted?.index ?? -1];
  if (wanted !== undefined && option !== undefined && checkOf(option.key, options.length) === wanted.check) {
    return wanted.index;
  }
  const met = options.map(({ key }) => `"${key}"`).join(', ');
  const expected = wanted === undefined ? 'the end' : `option ${wanted.index + 1} of other ones`;
  throw new RuntimeError('REPLAY_DIVERGED', `decision ${step + 1} expected ${expected} and found ${met}`);
}

function printIndex(index: number): string {
  return index < BASE ? index.toString(BASE) : `(${index})`;
}

function parseIndex(text: string): number {
  return text.startsWith('(') ? Number(text.slice(1, -1)) : Number.parseInt(text, BASE);
}

function checkOf(key: string, of: number): string {
  let hash = of;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return ((hash >>> 0) % BASE).toString(BASE);
}
