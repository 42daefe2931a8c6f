// A log queue against a list: whatever comes and goes, nothing is lost without being told in its place.

import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { LogQueue } from '../../src/host/logs/log-queue.ts';
import type { LogRecord } from '../../src/host/logs/log-record.ts';

const steps = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('offer') }, fc.constant('take')), {
  maxLength: 200,
});

describe('LogQueue', () => {
  test.prop({ steps, maxLines: fc.integer({ min: 1, max: 8 }), length: fc.integer({ min: 0, max: 300 }) })(
    'tells each line once and in order, or counts it in its place',
    ({ steps: taken, maxLines, length }) => {
      const queue = new LogQueue({ maxLines, maxBytes: 2000 });
      const told: number[] = [];
      let offered = 0;
      const take = (): boolean => {
        const item = queue.take();
        // A gap stands for the lines that follow the last one that was told.
        if (item?.kind === 'lag')
          told.push(...Array.from({ length: item.missed }, (_, index) => last(told) + index + 1));
        else if (item !== undefined) told.push(item.record.cursor);
        return item !== undefined;
      };

      for (const step of taken) {
        if (step === 'take') take();
        else queue.offer(record((offered += 1), length));
        expect(queue.size).toBeLessThanOrEqual(maxLines);
      }
      while (take());

      expect(told).toEqual(Array.from({ length: offered }, (_, index) => index + 1));
    },
  );
});

function last(told: readonly number[]): number {
  return told.at(-1) ?? 0;
}

function record(cursor: number, length: number): LogRecord {
  return { cursor, previous: 0, at: 0, plugin: 'kv', level: 'info', message: 'x'.repeat(length), fieldsJson: '' };
}
