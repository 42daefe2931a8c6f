import { describe, expect, it } from 'vitest';
import { createOutputLog } from '../../../src/host/logs/index.ts';
import { createRecordingLogger } from '../../../src/ports/index.ts';

describe('createOutputLog', () => {
  it('logs 3 lines that come in 4 pieces, each stream for itself, and no empty line', () => {
    const log = createRecordingLogger();
    const onOutput = createOutputLog(log, 'kv');
    const bytes = Buffer.from('é\r\n\nnext');

    onOutput({ stream: 'stdout', data: bytes.subarray(0, 1) });
    onOutput({ stream: 'stderr', data: Buffer.from('other\n') });
    onOutput({ stream: 'stdout', data: bytes.subarray(1) });
    onOutput({ stream: 'stdout', data: Buffer.from(' line\n') });

    expect(log.entries.map(({ message, fields }) => [message, fields])).toEqual([
      ['other', { plugin: 'kv', stream: 'stderr' }],
      ['é', { plugin: 'kv', stream: 'stdout' }],
      ['next line', { plugin: 'kv', stream: 'stdout' }],
    ]);
  });

  it('keeps no more than 65,536 characters of a line that does not end', () => {
    const log = createRecordingLogger();
    const onOutput = createOutputLog(log, 'kv');

    for (let piece = 0; piece < 10; piece += 1) onOutput({ stream: 'stdout', data: Buffer.alloc(10_000, 'x') });

    expect(log.entries.map(({ message }) => message.length)).toEqual([70_000]);
  });
});
