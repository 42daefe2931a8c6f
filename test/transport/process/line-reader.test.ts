import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../src/ports/index.ts';
import type { DroppedOutput, LineReaderOptions } from '../../../src/transport/process/index.ts';
import { readLines } from '../../../src/transport/process/index.ts';

describe('readLines', () => {
  it('splits at line feeds, strips one carriage return, and delivers an unfinished last line', async () => {
    const { lines } = await linesOf(['a\nb\r\n\n\r\r\nlast']);

    expect(lines).toEqual(['a', 'b', '', '\r', 'last']);
  });

  it('gives the same lines wherever two cuts go through the bytes', async () => {
    const bytes = Buffer.from('é€\n😀\r\n\n12345678\nß');
    const expected = ['é€', '😀', '', '123456…', 'ß'];

    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect((await linesOf(chunks, { maxLineBytes: 6 })).lines, `cuts ${first}, ${second}`).toEqual(expected);
      }
    }
  });

  it('delivers the first 4 bytes of a longer line once and skips to the next line', async () => {
    const chunks = ['12', '34', '56', '7890', '12\nok\n1234\n12345\n', '99999'];

    const { lines } = await linesOf(chunks, { maxLineBytes: 4 });

    expect(lines).toEqual(['1234…', 'ok', '1234', '1234…', '9999…']);
  });

  it('leaves out a character that the cut goes through', async () => {
    const { lines } = await linesOf(['aa€€\n'], { maxLineBytes: 4 });

    expect(lines).toEqual(['aa…']);
  });

  it('turns bytes that are no UTF-8 into replacement characters', async () => {
    const { lines } = await linesOf([Buffer.from([0x61, 0xff, 0x62, 0x0a])]);

    expect(lines).toEqual(['a\ufffdb']);
  });

  it('ends once when the stream is destroyed, with what came before', async () => {
    const stream = new PassThrough();
    const reading = linesOf(stream);
    stream.write('a\nhalf');
    await turn();

    stream.destroy();

    expect(await reading).toMatchObject({ lines: ['a', 'half'], ends: 1 });
  });

  it('ends once when the stream fails', async () => {
    const stream = new PassThrough();
    stream.on('error', () => {});
    const reading = linesOf(stream);

    stream.destroy(new Error('broken'));

    expect(await reading).toMatchObject({ lines: [], ends: 1 });
  });

  it('ends when the stream was over before', async () => {
    const stream = new PassThrough();
    stream.destroy();
    await turn();

    expect(await linesOf(stream)).toMatchObject({ lines: [], ends: 1 });
  });

  it('takes its listeners off when it stops, calls back no more, and keeps the stream flowing', async () => {
    const stream = new PassThrough();
    const before = listenersOf(stream);
    const lines: string[] = [];
    const stop = readLines(stream, { onLine: (line) => lines.push(line), onEnd: () => lines.push('end') }, virtual);
    stream.write('a\nb');
    await turn();

    stop();
    stop();
    stream.write('c\nd\n');
    await turn();

    expect(lines).toEqual(['a']);
    expect(listenersOf(stream)).toEqual(before);
    expect(stream.readableLength).toBe(0);
  });

  it('delivers nothing after a stop from within a line', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    const stop = readLines(
      stream,
      {
        onLine: (line) => {
          lines.push(line);
          stop();
        },
      },
      virtual,
    );

    stream.end('a\nb\nc');
    await turn();

    expect(lines).toEqual(['a']);
  });

  it('drops lines above 10 a second and counts them', async () => {
    const dropped: DroppedOutput[] = [];
    const { lines } = await linesOf(['12345\n'.repeat(100)], {
      maxLinesPerSecond: 10,
      burst: 20,
      onDropped: (one) => dropped.push(one),
    });

    expect(lines).toHaveLength(20);
    expect(dropped).toEqual([{ lines: 80, bytes: 400 }]);
  });

  it('refuses a limit of 0 bytes and takes no listener', () => {
    const stream = new PassThrough();
    const before = listenersOf(stream);

    expect(() => readLines(stream, { maxLineBytes: 0, onLine: () => {} }, virtual)).toThrow(/INVALID_OPTIONS/);
    expect(listenersOf(stream)).toEqual(before);
  });
});

// Helpers

const virtual = createVirtualClock();

/** All lines of a stream, with `…` behind the truncated ones. */
function linesOf(
  source: Readable | readonly (Buffer | string)[],
  options: Partial<LineReaderOptions> = {},
): Promise<{ lines: string[]; ends: number }> {
  const stream = source instanceof Readable ? source : Readable.from(source);
  const seen = { lines: [] as string[], ends: 0 };
  return new Promise((resolve) => {
    const onLine = (line: string, truncated: boolean): void => void seen.lines.push(truncated ? `${line}…` : line);
    const onEnd = (): void => {
      seen.ends += 1;
      // A second end would come within this turn.
      setImmediate(resolve, seen);
    };
    readLines(stream, { onLine, onEnd, ...options }, virtual);
  });
}

function listenersOf(stream: Readable): number[] {
  return ['data', 'end', 'error', 'close', 'readable'].map((event) => stream.listenerCount(event));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
