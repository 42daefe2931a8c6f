import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import type { LogLevel } from '../../src/ports/logger.ts';
import {
  createLogLineParser,
  formatLogLine,
  MAX_LOG_LINE_BYTES,
  parseLogLine,
} from '../../src/transport/go-plugin/hclog.ts';
import type { LogLineEntry, ParsedLogLine } from '../../src/transport/go-plugin/hclog.ts';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
/** What Go's hclog demands of a time: exactly microseconds. */
const GO_TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

describe('log lines', () => {
  test.prop({ entry: entries(plainFields()) })('are read back as they were written', ({ entry }) => {
    const line = formatLogLine(entry);

    const parsed = parseLogLine(line);

    expect(parsed).toEqual({
      level: entry.level,
      message: entry.message,
      ...(entry.module === undefined ? {} : { logger: entry.module }),
      timestamp: expect.stringMatching(GO_TIMESTAMP),
      fields: entry.fields,
      malformed: false,
    });
    expect(Math.abs(Date.parse(parsed.timestamp ?? '') - entry.at)).toBeLessThanOrEqual(1);
  });

  test.prop({ entry: entries(anyFields()) })(
    'are one line of at most 61440 bytes that a Go host takes, whatever the entry holds',
    ({ entry }) => {
      expectGoTakes(formatLogLine(entry));
    },
  );

  test.prop({
    entry: entries(plainFields()),
    unit: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
    size: fc.nat(80_000),
  })('are cut to at most 61440 bytes, however long the entry is', ({ entry, unit, size }) => {
    const long = unit.repeat(size);

    expectGoTakes(formatLogLine({ ...entry, message: long, module: long, fields: { a: long, [long]: 1, b: [long] } }));
  });

  test.prop({ line: hostileLines() })('never throw when they are read, and make a plain result', ({ line }) => {
    expectPlain(parseLogLine(line));
  });

  test.prop({ lines: fc.array(hostileLines(), { maxLength: 12 }) })(
    'are errors after a panic unless they say otherwise themselves',
    ({ lines }) => {
      const parser = createLogLineParser();

      const together = lines.map((line) => parser.parse(line));

      const alone = lines.map(parseLogLine);
      const panic = alone.findIndex((parsed) => parsed.panic === true);
      const expected = alone.map((parsed, index) => {
        const isAfter = panic !== -1 && index >= panic && !saysItsLevel(lines[index] ?? '', parsed);
        return isAfter ? { ...parsed, level: 'error', panic: true } : parsed;
      });
      expect(together).toEqual(expected);
    },
  );

  // Not fast-check's `test`: that runs a body without arguments as often as a property.
  it('reach every kind of result from the hostile alphabet', () => {
    const seen = new Set<string>();
    const all = fc.property(hostileLines(), (line) => {
      const { level, malformed, panic, logger, timestamp, fields } = parseLogLine(line);
      seen.add(level);
      if (malformed) seen.add('malformed');
      if (panic === true) seen.add('panic');
      if (logger !== undefined) seen.add('logger');
      if (timestamp !== undefined) seen.add('timestamp');
      if (Object.keys(fields).length > 0) seen.add('fields');
    });
    fc.assert(all, { numRuns: 3_000, seed: 1 });

    expect(seen).toEqual(new Set([...LEVELS, 'fields', 'logger', 'malformed', 'panic', 'timestamp']));
  });
});

// Helpers

/** The rules that keep a Go host from panicking and from taking the line for plain text. */
function expectGoTakes(line: string): void {
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LOG_LINE_BYTES);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  const parsed = JSON.parse(line) as Record<string, unknown>;
  expect(LEVELS).toContain(parsed['@level']);
  expect(parsed['@message']).toBeTypeOf('string');
  expect(parsed['@timestamp']).toMatch(GO_TIMESTAMP);
  expect(['string', 'undefined']).toContain(typeof parsed['@module']);
}

function expectPlain(parsed: ParsedLogLine): void {
  expect(LEVELS).toContain(parsed.level);
  expect(parsed.message).toBeTypeOf('string');
  expect(Object.getPrototypeOf(parsed.fields)).toBe(Object.prototype);
  expectOwnPrototypes(parsed.fields);
  expect(Object.keys(Object.prototype)).toEqual([]);
  if (parsed.malformed) expect(parsed.fields).toEqual({});
}

/** No object has another prototype than its own kind, at any depth. */
function expectOwnPrototypes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.getPrototypeOf(value)).toBe(Array.isArray(value) ? Array.prototype : Object.prototype);
  expect(Object.hasOwn(value, '__proto__')).toBe(false);
  for (const inner of Object.values(value)) expectOwnPrototypes(inner);
}

/** Whether the line carries a level of its own that can be used. */
function saysItsLevel(line: string, alone: ParsedLogLine): boolean {
  if (/^\[(TRACE|DEBUG|INFO|WARN|ERROR)\]/.test(line)) return true;
  if (alone.malformed || !/^[ \t]*\{/.test(line)) return false;
  return '@level' in (JSON.parse(line) as object);
}

function entries(fields: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<LogLineEntry> {
  return fc.record(
    {
      level: fc.constantFrom(...LEVELS),
      message: fc.string({ unit: 'binary' }),
      module: fc.string({ unit: 'binary', maxLength: 128 }),
      at: fc.double({ min: -6e13, max: 2.5e14, noNaN: true }),
      fields,
    },
    { requiredKeys: ['level', 'message', 'at', 'fields'] },
  );
}

/** Fields of every kind of value, also under the keys that hclog keeps for itself. */
function anyFields(): fc.Arbitrary<Record<string, unknown>> {
  const key = fc.oneof(fc.constantFrom('@level', '@message', '@module', '@timestamp', '__proto__'), fc.string());
  return fc.object({ key, withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
}

/** Fields that JSON holds as they are. */
function plainFields(): fc.Arbitrary<Record<string, unknown>> {
  const keys = fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__' && !key.startsWith('@'));
  const values = fc.jsonValue({ depthSize: 'small', maxDepth: 4 }).filter((value) => !holdsOddity(value));
  return fc.dictionary(keys, values, { noNullPrototype: true });
}

/** JSON makes 0 of -0, and `__proto__` is left out on purpose. */
function holdsOddity(value: unknown): boolean {
  if (typeof value === 'number') return Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key === '__proto__' || holdsOddity(inner));
}

/** Entries with values of any kind in any place, as text, whole or damaged; and text that means something. */
function hostileLines(): fc.Arbitrary<string> {
  const anything = fc.oneof(fc.jsonValue(), fc.constantFrom('info', 'WARN', '2026-01-01T00:00:00.123Z', 5, null));
  const key = fc.constantFrom('@level', '@message', '@module', '@timestamp', '__proto__', 'constructor', 'toJSON', 'a');
  const odd = fc.array(fc.tuple(key, anything), { maxLength: 6 }).map(objectText);
  const usual = fc
    .tuple(fc.constantFrom(...LEVELS), fc.string(), fc.array(fc.tuple(key, anything), { maxLength: 2 }))
    .map(([level, message, more]) => objectText([['@level', level], ['@message', message], ...more]));
  const good = entries(plainFields()).map(formatLogLine);
  const tags = fc.constantFrom(
    '[TRACE] ',
    '[DEBUG]',
    '[INFO]  ',
    '[WARN] ',
    '[ERROR] ',
    'panic: ',
    'fatal error: ',
    '{',
  );
  const tagged = fc.tuple(tags, fc.string()).map(([tag, text]) => tag + text);
  const deep = fc.nat(2_000).map((levels) => `{"@level":"info","a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
  const nested = odd.map((inner) => `{"@level":"info","a":${inner}}`);
  const whole = fc.oneof(odd, usual, nested, good, tagged, deep, fc.json(), fc.string({ unit: 'binary' }));
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: mutations(whole) });
}

/** Not by `JSON.stringify` of an object: that could hold no key twice, and no `__proto__`. */
function objectText(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** A text with a few characters in the middle exchanged for others. */
function mutations(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cuts = fc.tuple(texts, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), fc.string({ maxLength: 4 }));
  return cuts.map(([text, where, removed, inserted]) => {
    const start = Math.floor(where * text.length);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
}
