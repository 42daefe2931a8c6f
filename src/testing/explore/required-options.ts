import { InvalidOptionsError } from '../../errors/index.ts';
import type { Scenario } from './scenario.ts';

const SCENARIO_KEYS: readonly string[] = [
  'name',
  'setup',
  'invariant',
  'check',
  'oracles',
  'completes',
  'allowFailure',
  'mayCrash',
] satisfies (keyof Scenario)[];

/** Characters of a text in an error. */
const MOST_TEXT = 40;

/** Throws `InvalidOptionsError` unless it is a scenario; a misspelt check would judge nothing. */
export function requireScenario(scenario: unknown): void {
  requireObject('scenario', scenario);
  requireKnownKeys('scenario', scenario, SCENARIO_KEYS);
  const { setup } = scenario as Partial<Scenario>;
  if (typeof setup !== 'function') {
    throw new InvalidOptionsError('scenario.setup', `must be a function, got ${describeValue(setup)}`);
  }
}

/** Throws `InvalidOptionsError` for `field` unless it is an object. */
export function requireObject(field: string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null) return;
  throw new InvalidOptionsError(field, `must be an object, got ${describeValue(value)}`);
}

/** Throws `InvalidOptionsError` for the first key that nobody would read. */
export function requireKnownKeys(field: string, value: object, known: readonly string[]): void {
  const stray = Object.keys(value).find((key) => !known.includes(key));
  if (stray === undefined) return;
  throw new InvalidOptionsError(`${field}.${stray.slice(0, MOST_TEXT)}`, `is unknown; known are ${known.join(', ')}`);
}

/** Returns `value` when it is a whole number of at least `least`; else throws `InvalidOptionsError` for `field`. */
export function requireCount(field: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidOptionsError(field, `must be a whole number of at least ${least}, got ${describeValue(value)}`);
}

/** What was given instead, in a few words; texts in quotes, so that "5" is told from 5. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `"${value.slice(0, MOST_TEXT)}"`;
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}
