import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import { readStdio, stdioService } from '../../../src/transport/go-plugin/stdio.ts';
import type { PluginStdio, StdioChunk, StdioOptions } from '../../../src/transport/go-plugin/stdio.ts';
import { GRPCStdioService } from '../../../src/gen/plugin/grpc_stdio.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { service } from '../../../src/ports/service.ts';
import type { ServedService } from '../../../src/ports/service.ts';

describe('stdioService', () => {
  it('delivers what was written before and after the reader came, by channel and in order', async () => {
    const { stdio, read } = setUp();
    stdio.write('stdout', 'before ');
    const { chunks, outcome } = read();
    await stdio.flushed();
    stdio.write('stderr', 'oops');
    stdio.write('stdout', 'after');
    stdio.close();

    expect(await outcome).toEqual({ kind: 'closed' });
    expect(text(chunks, 'stdout')).toBe('before after');
    expect(text(chunks, 'stderr')).toBe('oops');
  });

  it('cuts 3,000 bytes into chunks of at most 1,024', async () => {
    const { stdio, read } = setUp();
    stdio.write('stdout', 'x'.repeat(3_000));
    stdio.close();
    const { chunks, outcome } = read();
    await outcome;

    expect(chunks.map((chunk) => chunk.data.length)).toEqual([1_024, 1_024, 952]);
  });

  it('joins 1,000 small writes into one chunk', async () => {
    const { stdio, read } = setUp();
    for (let count = 0; count < 1_000; count += 1) stdio.write('stdout', 'x');
    stdio.close();
    const { chunks, outcome } = read();
    await outcome;

    expect(chunks.map((chunk) => chunk.data.length)).toEqual([1_000]);
  });

  it('keeps the newest 65,536 bytes and counts the rest as dropped', async () => {
    const { stdio, read } = setUp();
    stdio.write('stdout', 'a'.repeat(10_000));
    stdio.write('stdout', 'b'.repeat(65_536));
    stdio.close();
    const { chunks, outcome } = read();
    await outcome;

    expect(text(chunks, 'stdout').length + stdio.droppedBytes).toBe(75_536);
    expect(text(chunks, 'stdout').length).toBeLessThanOrEqual(65_536);
    expect(text(chunks, 'stdout')).toMatch(/^b+$/);
  });

  it('copies what is written', async () => {
    const { stdio, read } = setUp();
    const bytes = Buffer.from('one');
    stdio.write('stdout', bytes);
    bytes.write('two');
    stdio.close();
    const { chunks, outcome } = read();
    await outcome;

    expect(text(chunks, 'stdout')).toBe('one');
  });

  it('refuses a second reader with FAILED_PRECONDITION and keeps the first', async () => {
    const { stdio, read } = setUp();
    const first = read();
    stdio.write('stdout', 'a');
    await stdio.flushed();

    expect(await read().outcome).toMatchObject({ kind: 'failed', error: { code: 'FAILED_PRECONDITION' } });
    stdio.write('stdout', 'b');
    stdio.close();
    await first.outcome;
    expect(text(first.chunks, 'stdout')).toBe('ab');
  });

  it('takes another reader when the one before is gone, with nothing lost in between', async () => {
    const { stdio, read } = setUp();
    const controller = new AbortController();
    const first = read(controller.signal);
    stdio.write('stdout', 'a');
    await vi.waitUntil(() => first.chunks.length === 1);
    controller.abort();
    expect(await first.outcome).toEqual({ kind: 'closed' });

    stdio.write('stdout', 'b');
    stdio.close();
    const second = read();
    await second.outcome;

    expect([text(first.chunks, 'stdout'), text(second.chunks, 'stdout')]).toEqual(['a', 'b']);
  });

  it('has nothing to flush without a reader', async () => {
    const { stdio } = setUp();
    stdio.write('stdout', 'a');

    await expect(stdio.flushed()).resolves.toBeUndefined();
  });
});

describe('readStdio', () => {
  it.each(['UNIMPLEMENTED', 'UNAVAILABLE'] as const)('takes %s as a plugin without this service', async (code) => {
    const { outcome } = readFrom(failing(code));

    expect(await outcome).toEqual({ kind: 'unsupported' });
  });

  it('reports any other failure', async () => {
    const { outcome } = readFrom(failing('INTERNAL'));

    expect(await outcome).toMatchObject({ kind: 'failed', error: { code: 'INTERNAL' } });
  });

  it('takes the loss of the connection after some output as its end', async () => {
    const { outcome, chunks } = readFrom(failing('UNAVAILABLE', 'last words'));

    expect(await outcome).toEqual({ kind: 'closed' });
    expect(text(chunks, 'stderr')).toBe('last words');
  });

  it('rejects with what its listener throws and ends the stream', async () => {
    const { stdio, connection } = setUp();
    stdio.write('stdout', 'a');

    const reading = readStdio(connection, () => {
      throw new TypeError('listener');
    });

    await expect(reading).rejects.toThrow('listener');
    expect(connection.inFlight).toBe(0);
  });
});

// Helpers

function setUp(options: StdioOptions = {}) {
  const stdio: PluginStdio = stdioService(options);
  const connection = createMemoryConnection([stdio.service], { clock: createVirtualClock() });
  onTestFinished(() => connection.close());
  const read = (signal?: AbortSignal) => {
    const chunks: StdioChunk[] = [];
    const outcome = readStdio(connection, (chunk) => chunks.push(chunk), signal === undefined ? {} : { signal });
    return { chunks, outcome };
  };
  return { stdio, connection, read };
}

function readFrom(served: ServedService) {
  const connection = createMemoryConnection([served], { clock: createVirtualClock() });
  const chunks: StdioChunk[] = [];
  return { chunks, outcome: readStdio(connection, (chunk) => chunks.push(chunk)) };
}

function failing(code: 'UNIMPLEMENTED' | 'UNAVAILABLE' | 'INTERNAL', output?: string): ServedService {
  return service(GRPCStdioService, {
    async *streamStdio() {
      if (output !== undefined) yield { channel: 2, data: Buffer.from(output) };
      throw new RuntimeError(code, 'as told');
    },
  });
}

function text(chunks: readonly StdioChunk[], stream: 'stdout' | 'stderr'): string {
  return Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.data)).toString();
}
