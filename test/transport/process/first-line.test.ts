import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readFirstLine } from '../../../src/transport/process/index.ts';

describe('readFirstLine', () => {
  it('gives the first line and leaves the rest unread in a paused stream without listeners', async () => {
    const stream = new PassThrough();
    const before = listenersOf(stream);
    const reading = readFirstLine(stream);

    stream.write('1|1|unix|/x|grpc|\r\nsecond\nthi');

    expect(await reading).toBe('1|1|unix|/x|grpc|\r');
    expect(stream.isPaused()).toBe(true);
    expect(listenersOf(stream)).toEqual(before);
    expect(stream.read().toString()).toBe('second\nthi');
  });

  it('keeps the order of what was read too far and what came later', async () => {
    const stream = new PassThrough();
    const reading = readFirstLine(stream);
    stream.write('first\nsec');
    await reading;

    stream.write('ond\n');
    stream.end('third');

    expect(await textOf(stream)).toBe('second\nthird');
  });

  it('finds a line that comes byte by byte', async () => {
    const stream = new PassThrough();
    const reading = readFirstLine(stream);

    for (const byte of Buffer.from('héllo €\nx')) stream.write(Buffer.from([byte]));

    expect(await reading).toBe('héllo €');
    expect(await textOf(stream.end())).toBe('x');
  });

  it('gives an empty line as it is', async () => {
    const stream = new PassThrough();
    stream.end('\nrest');

    expect(await readFirstLine(stream)).toBe('');
    expect(await textOf(stream)).toBe('rest');
  });

  it('accepts 8 bytes and rejects 9 when 8 are the limit, and puts back what it read', async () => {
    const fits = new PassThrough();
    fits.write('12345678\n');
    const stream = new PassThrough();
    const reading = readFirstLine(stream, { maxBytes: 8 });
    stream.write('1234');
    stream.write('56789\nx');

    expect(await readFirstLine(fits, { maxBytes: 8 })).toBe('12345678');
    await expect(reading).rejects.toMatchObject({ code: 'HANDSHAKE_LINE_TOO_LONG', details: { maxBytes: 8 } });
    expect(await textOf(stream.end())).toBe('123456789\nx');
  });

  it('rejects when the stream ends before a line feed, naming what came', async () => {
    const stream = new PassThrough();
    stream.end('usage: kv');

    await expect(readFirstLine(stream)).rejects.toMatchObject({
      code: 'PLUGIN_EXITED_EARLY',
      rawMessage: 'the output ended after 9 bytes, before its first line was complete',
      details: { partial: 'usage: kv' },
    });
  });

  it('rejects when the stream is destroyed, also when that was before', async () => {
    const stream = new PassThrough();
    const reading = readFirstLine(stream);
    stream.destroy();

    await expect(reading).rejects.toMatchObject({ code: 'PLUGIN_EXITED_EARLY' });
    await expect(readFirstLine(stream)).rejects.toMatchObject({ code: 'PLUGIN_EXITED_EARLY' });
  });

  it('rejects with the cause when the stream fails', async () => {
    const stream = new PassThrough();
    stream.on('error', () => {});
    const reading = readFirstLine(stream);
    const cause = new Error('broken');

    stream.destroy(cause);

    await expect(reading).rejects.toMatchObject({ code: 'PLUGIN_EXITED_EARLY', cause });
  });

  it('gives up when the signal aborts and puts back what it read', async () => {
    const stream = new PassThrough();
    const before = listenersOf(stream);
    const controller = new AbortController();
    const reading = readFirstLine(stream, { signal: controller.signal });
    stream.write('half');
    await new Promise((resolve) => setImmediate(resolve));

    controller.abort('enough');

    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED', cause: 'enough' });
    expect(listenersOf(stream)).toEqual(before);
    expect(await textOf(stream.end())).toBe('half');
  });

  it('gives up at once when the signal has aborted before', async () => {
    const stream = new PassThrough();
    stream.write('line\n');

    const reading = readFirstLine(stream, { signal: AbortSignal.abort() });

    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readFirstLine(stream)).toBe('line');
  });
});

// Helpers

function listenersOf(stream: Readable): number[] {
  return ['data', 'end', 'error', 'close', 'readable'].map((event) => stream.listenerCount(event));
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
