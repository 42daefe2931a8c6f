import { describe, expect, it } from 'vitest';

import {
  createLogLineParser,
  formatLogLine,
  MAX_LOG_LINE_BYTES,
  MAX_PARSED_LINE_CHARS,
  parseLogLine,
} from '../../../src/transport/go-plugin/hclog.ts';

const AT = Date.UTC(2026, 7, 17, 12, 0, 0, 123);

describe('parseLogLine, structured lines', () => {
  it('reads a line of hclog', () => {
    const line =
      '{"@level":"info","@message":"listening","@module":"kv.server","@timestamp":"2026-08-17T12:00:00.123456Z","port":5,"tags":["a"]}';

    expect(parseLogLine(line)).toEqual({
      level: 'info',
      message: 'listening',
      logger: 'kv.server',
      timestamp: '2026-08-17T12:00:00.123456Z',
      fields: { port: 5, tags: ['a'] },
      malformed: false,
    });
  });

  it.each([
    ['2026-08-17T12:00:00.123456+01:00'],
    ['2026-08-17T12:00:00.123Z'],
    ['2026-08-17T12:00:00Z'],
    ['2026-08-17T12:00:00.123456789-10:30'],
  ])('takes the timestamp %s', (timestamp) => {
    const line = JSON.stringify({ '@level': 'warn', '@message': 'm', '@timestamp': timestamp });

    expect(parseLogLine(line)).toMatchObject({ level: 'warn', timestamp, fields: {}, malformed: false });
  });

  it('keeps a timestamp in another form among the fields', () => {
    const parsed = parseLogLine('{"@level":"error","@message":"m","@timestamp":"yesterday"}');

    expect(parsed).toEqual({ level: 'error', message: 'm', fields: { '@timestamp': 'yesterday' }, malformed: false });
  });

  it('keeps a module that is no text among the fields', () => {
    expect(parseLogLine('{"@level":"info","@message":"m","@module":7}')).toEqual({
      level: 'info',
      message: 'm',
      fields: { '@module': 7 },
      malformed: false,
    });
  });

  it.each([
    ['TRACE', 'trace'],
    ['Debug', 'debug'],
    [' info ', 'info'],
    ['WARN', 'warn'],
    ['error', 'error'],
  ])('reads the level %j as %s', (text, level) => {
    expect(parseLogLine(JSON.stringify({ '@level': text }))).toEqual({
      level,
      message: '',
      fields: {},
      malformed: false,
    });
  });

  it.each([['{"level":"info","msg":"of another library"}'], ['{"@message":"no level"}'], ['{}'], [' {"a":1}']])(
    'keeps %s, which has no level, whole at debug',
    (line) => {
      expect(parseLogLine(line)).toEqual({ level: 'debug', message: line, fields: {}, malformed: false });
    },
  );

  it.each([
    ['{"@level":"info","@message":5}'],
    ['{"@level":"info","@message":null}'],
    ['{"@level":"info","@message":{"@message":"x"}}'],
    ['{"@level":"info","@message":["x"]}'],
    ['{"@level":3,"@message":"m"}'],
    ['{"@level":null,"@message":"m"}'],
    ['{"@level":["info"],"@message":"m"}'],
    ['{"@level":"loud","@message":"m"}'],
    ['{"@level":"info","@message":"m","@timestamp":1755432000}'],
    ['{"@message":5}'],
    ['{"@level":"info","@message":"cut'],
    ['{not json}'],
    ['{'],
    ['{"a":1} trailing'],
  ])('keeps %s as malformed at debug', (line) => {
    expect(parseLogLine(line)).toEqual({ level: 'debug', message: line, fields: {}, malformed: true });
  });

  it('keeps the beginning of a line that is too long to be parsed', () => {
    const line = JSON.stringify({ '@level': 'info', '@message': 'x'.repeat(MAX_PARSED_LINE_CHARS) });

    const parsed = parseLogLine(line);

    expect(parsed).toMatchObject({ level: 'debug', malformed: true });
    expect(parsed.message).toBe(line.slice(0, 65_536));
  });

  it('survives 30000 levels of nesting', () => {
    const parsed = parseLogLine(`{"@level":"info","@message":"m","deep":${'['.repeat(30_000)}${']'.repeat(30_000)}}`);

    expect(parsed).toMatchObject({ level: 'info', message: 'm' });
    expect(JSON.stringify(parsed.fields).length).toBeLessThan(100);
  });

  it('drops __proto__ at every level', () => {
    const parsed = parseLogLine(
      '{"@level":"info","@message":"m","__proto__":{"x":1},"a":{"__proto__":{"x":1},"b":2},"\\u005f_proto__":{"x":1}}',
    );

    expect(parsed.fields).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf(parsed.fields)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(parsed.fields['a'])).toBe(Object.prototype);
    expect('x' in {}).toBe(false);
  });
});

describe('parseLogLine, text', () => {
  it.each([
    ['[TRACE] a', 'trace', 'a'],
    ['[DEBUG] a', 'debug', 'a'],
    ['[INFO]  a', 'info', 'a'],
    ['[WARN]a', 'warn', 'a'],
    ['[ERROR] a [INFO]', 'error', 'a [INFO]'],
    ['[info] a', 'debug', '[info] a'],
    ['x [ERROR] a', 'debug', 'x [ERROR] a'],
    ['[FATAL] a', 'debug', '[FATAL] a'],
    ['', 'debug', ''],
    ['42', 'debug', '42'],
    ['["a"]', 'debug', '["a"]'],
    ['a\r\n', 'debug', 'a'],
  ])('reads %j at %s', (line, level, message) => {
    expect(parseLogLine(line)).toEqual({ level, message, fields: {}, malformed: false });
  });

  it.each([['panic: boom'], ['fatal error: all goroutines are asleep - deadlock!']])('takes %j for a panic', (line) => {
    expect(parseLogLine(line)).toEqual({ level: 'error', message: line, fields: {}, malformed: false, panic: true });
  });

  it.each([['don’t panic: it works'], ['panic:boom'], [' panic: boom']])('takes %j for no panic', (line) => {
    expect(parseLogLine(line).panic).toBeUndefined();
  });
});

describe('createLogLineParser', () => {
  it('keeps the untagged lines after a panic at error', () => {
    const parser = createLogLineParser();

    const levels = ['before', 'panic: boom', '', 'goroutine 1 [running]:', '{broken'].map((line) => parser.parse(line));

    expect(levels.map(({ level, panic }) => [level, panic])).toEqual([
      ['debug', undefined],
      ['error', true],
      ['error', true],
      ['error', true],
      ['error', true],
    ]);
  });

  it('leaves lines with a level of their own alone after a panic', () => {
    const parser = createLogLineParser();
    parser.parse('panic: boom');

    expect(parser.parse('[INFO] a')).toEqual({ level: 'info', message: 'a', fields: {}, malformed: false });
    expect(parser.parse('{"@level":"warn","@message":"b"}').level).toBe('warn');
    expect(parser.parse('c').level).toBe('error');
  });

  it('keeps nothing from one parser to the next', () => {
    createLogLineParser().parse('panic: boom');

    expect(createLogLineParser().parse('a').level).toBe('debug');
  });
});

describe('formatLogLine', () => {
  it('writes one line as hclog does, with six fraction digits', () => {
    const line = formatLogLine({ level: 'info', message: 'two\nlines', module: 'kv', at: AT, fields: { port: 5 } });

    expect(line).toBe(
      '{"@level":"info","@message":"two\\nlines","@timestamp":"2026-08-17T12:00:00.123000Z","@module":"kv","port":5}\n',
    );
  });

  it('writes fractions of a millisecond as microseconds', () => {
    expect(formatLogLine({ level: 'info', message: '', at: AT + 0.25 })).toContain('12:00:00.123250Z');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(10_000, 0, 1), -1e15])('writes no timestamp for %d', (at) => {
    expect(formatLogLine({ level: 'info', message: 'm', at })).toBe('{"@level":"info","@message":"m"}\n');
  });

  it('lets no field take the place of a key of hclog', () => {
    const fields = { '@level': 1, '@message': 2, '@module': 3, '@timestamp': 4, '@caller': 'main.go:1' };

    const line = formatLogLine({ level: 'info', message: 'm', at: Number.NaN, fields });

    expect(line).toBe('{"@level":"info","@message":"m","@caller":"main.go:1"}\n');
  });

  it('replaces what JSON cannot hold', () => {
    const fields: Record<string, unknown> = { big: 12n, missing: undefined, not: Number.NaN };
    fields['self'] = fields;

    const line = formatLogLine({ level: 'info', message: 'm', at: Number.NaN, fields });

    expect(JSON.parse(line)).toEqual({
      '@level': 'info',
      '@message': 'm',
      big: '12',
      not: 'NaN',
      self: '[circular]',
    });
  });

  it.each([
    ['letters', 'x'],
    ['two-byte letters', 'ß'],
    ['emoji', '😀'],
    ['control characters', '\0'],
    ['lone surrogates', '\ud800'],
    ['letters, then control characters', `${'x'.repeat(40_000)}\0`],
  ])('cuts a message of 1 MB of %s to at most 61440 bytes', (_what, unit) => {
    const message = unit.repeat(1_000_000 / unit.length);

    const line = formatLogLine({ level: 'info', message, module: unit.repeat(300), at: AT, fields: { a: 1 } });

    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LOG_LINE_BYTES);
    expect(Buffer.byteLength(line)).toBeGreaterThan(MAX_LOG_LINE_BYTES - 100);
    expect(JSON.parse(line)['@message'].endsWith('…')).toBe(true);
  });

  it('leaves out fields that do not fit, and says so', () => {
    const fields = { small: 1, huge: 'x'.repeat(100_000), other: 2 };

    const line = formatLogLine({ level: 'info', message: 'm', at: Number.NaN, fields });

    expect(line).toBe('{"@level":"info","@message":"m","small":1,"other":2,"@dropped":true}\n');
  });

  it('is read back by parseLogLine', () => {
    const line = formatLogLine({ level: 'warn', message: 'm', module: 'kv', at: AT, fields: { a: { b: [null] } } });

    expect(parseLogLine(line)).toEqual({
      level: 'warn',
      message: 'm',
      logger: 'kv',
      timestamp: '2026-08-17T12:00:00.123000Z',
      fields: { a: { b: [null] } },
      malformed: false,
    });
  });
});
