import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createRecordingLogger, createVirtualClock } from '../../src/ports/index.ts';
import type { LogEntry } from '../../src/ports/index.ts';
import { createLogLineParser } from '../../src/transport/go-plugin/hclog.ts';
import { createPluginOutput } from '../../src/transport/go-plugin/plugin-output.ts';
import { readCaptures } from '../../test/fixtures/read-captures.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';
import { editedText } from '../arbitraries/edited-text.ts';
import { cuts, listenersOn, streamOf } from './streams.ts';

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error'];
const MAX_LINE_BYTES = 65_536;
const MAX_TAIL = { lines: 20, bytes: 4_096 };

describe('fuzz: log lines', () => {
  it('are all read, whatever they hold', () => {
    const outcomes = createOutcomes('log lines, parser', ['LOG_LINE_MALFORMED', 'panic', 'structured']);

    const property = fc.property(fc.array(editedText(lines()), { maxLength: 5 }), (texts) => {
      const parser = createLogLineParser();
      for (const text of texts) {
        const { level, message, malformed, panic, fields } = parser.parse(text);
        expect(LEVELS).toContain(level);
        expect(message).toBeTypeOf('string');
        expectPlain(fields);
        if (malformed) outcomes.add('LOG_LINE_MALFORMED');
        else if (panic === true) outcomes.add('panic');
        else outcomes.add(Object.keys(fields).length > 0 ? 'structured' : 'ok');
      }
    });
    fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish(['LOG_LINE_MALFORMED', 'panic', 'structured', 'ok'])).toEqual([]);
  });

  it('become entries under the name of their plugin, and each is logged or counted as dropped', async () => {
    const outcomes = createOutcomes('log lines, pipeline', ['LOG_LINE_MALFORMED', 'OUTPUT_DROPPED']);

    const property = fc.asyncProperty(outputs(), cuts(), fc.constantFrom(1, 1_000), async (bytes, at, rate) => {
      const { entries, tail } = await readOutput(bytes, at, rate);
      for (const entry of entries) outcomes.add(problemOf(entry));
      expectTail(tail);
      expectAllAccounted(bytes, entries);
    });
    await fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish(['LOG_LINE_MALFORMED', 'OUTPUT_DROPPED', 'ok'])).toEqual([]);
  });
});

// Helpers

/** Reads a standard error to its end, and checks that the reader leaves nothing behind. */
async function readOutput(bytes: Buffer, at: readonly number[], maxLogLinesPerSecond: number) {
  const clock = createVirtualClock();
  const log = createRecordingLogger({ capacity: 100_000 });
  const output = createPluginOutput({ plugin: 'kv', log, clock, maxLogLinesPerSecond });
  const stream = streamOf(bytes, at);
  const before = listenersOn(stream);
  output.readStderr(stream);
  await output.stderrEnded;
  output.stop();
  expect([clock.pending, listenersOn(stream)]).toEqual([0, before]);
  return { entries: log.entries, tail: output.tail() };
}

function problemOf({ level, message, fields }: LogEntry): 'LOG_LINE_MALFORMED' | 'OUTPUT_DROPPED' | 'ok' {
  expect(LEVELS).toContain(level);
  expect(message.length).toBeLessThanOrEqual(MAX_LINE_BYTES);
  expect(fields['plugin']).toBe('kv');
  expectPlain(fields);
  const { problem } = fields;
  return problem === 'LOG_LINE_MALFORMED' || problem === 'OUTPUT_DROPPED' ? problem : 'ok';
}

/** Empty lines make no entry. */
function expectAllAccounted(bytes: Buffer, entries: readonly LogEntry[]): void {
  const all = bytes.toString('latin1').split('\n');
  if (all.at(-1) === '') all.pop();
  const reports = entries.filter(({ fields }) => fields['problem'] === 'OUTPUT_DROPPED');
  const dropped = reports.reduce((sum, { fields }) => sum + Number(fields['lines']), 0);
  const accounted = entries.length - reports.length + dropped;
  expect(accounted).toBeLessThanOrEqual(all.length);
  expect(accounted).toBeGreaterThanOrEqual(all.filter((line) => line !== '' && line !== '\r').length);
}

function expectTail(tail: readonly string[]): void {
  expect(tail.length).toBeLessThanOrEqual(MAX_TAIL.lines);
  for (const line of tail) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_TAIL.bytes);
}

/** Plain data, which no entry can use to exchange a prototype. */
function expectPlain(fields: object): void {
  expect(Object.hasOwn(fields, '__proto__')).toBe(false);
  expect(() => JSON.stringify(fields)).not.toThrow();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

function lines(): readonly string[] {
  const { logs } = readCaptures();
  return [...Object.values(logs).flatMap((text) => text.split('\n').slice(0, 12)), '[WARN]  mind the gap'];
}

function outputs(): fc.Arbitrary<Buffer> {
  const texts = Object.values(readCaptures().logs).map((text) => text.split('\n').slice(0, 12).join('\n'));
  const named = `${texts[0]}\n{"@level":"info","@message":"whose?","plugin":"other","logger":5}`;
  const edited = editedText([...texts, named]).map((text) => Buffer.from(text));
  const bytes = editedBytes(texts.map((text) => Buffer.from(text)));
  const anything = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
  return fc.oneof(
    { weight: 5, arbitrary: edited },
    { weight: 3, arbitrary: bytes },
    { weight: 1, arbitrary: anything },
  );
}
