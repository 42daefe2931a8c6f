import { describe, expect, it } from 'vitest';
import { formatLine, parseLine } from '../../../src/host/logs/log-line.ts';
import type { LogRecord } from '../../../src/host/logs/log-record.ts';

const RECORD: LogRecord = {
  cursor: 7,
  previous: 3,
  at: Date.parse('2026-01-02T03:04:05.678Z'),
  plugin: 'kv',
  level: 'warn',
  message: 'line\nbreak "quoted"',
  fieldsJson: '{"key":"value"}',
};

describe('formatLine', () => {
  it('writes 1 line of JSON that begins with the place', () => {
    expect(formatLine({ record: RECORD, missedBefore: 2 })).toBe(
      '{"cursor":7,"previous":3,"at":"2026-01-02T03:04:05.678Z","level":"warn","plugin":"kv",' +
        '"message":"line\\nbreak \\"quoted\\"","fields":{"key":"value"},"missedBefore":2}\n',
    );
  });
});

describe('parseLine', () => {
  it.each([0, 5])('reads what was written, with %i lines missing before', (missedBefore) => {
    expect(parseLine(formatLine({ record: RECORD, missedBefore }))).toEqual({ record: RECORD, missedBefore });
  });

  it.each(['', '{', '[]', 'null', '{"cursor":"1"}', '{"cursor":1,"level":"loud","plugin":"a","message":"b"}', '7'])(
    'takes %j for no line',
    (text) => {
      expect(parseLine(text)).toBeUndefined();
    },
  );
});
