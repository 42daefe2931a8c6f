import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { gatedStream } from '../../src/host/gated-stream.ts';

describe('gatedStream', () => {
  it('enters with the first message and leaves after the last', async () => {
    const { stream, log } = open(function* () {
      yield 1;
      yield 2;
    });
    expect(log).toEqual([]);

    expect(await stream.next()).toEqual({ done: false, value: 1 });
    expect(log).toEqual(['enter']);
    await stream.next();

    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual(['enter', 'leave']);
  });

  it('leaves when its reader stops after 1 message, and ends the source', async () => {
    const { stream, log } = open(function* () {
      try {
        for (;;) yield 1;
      } finally {
        log.push('source ended');
      }
    });

    for await (const _ of stream) break;

    expect(log).toEqual(['enter', 'source ended', 'leave']);
  });

  it('explains what the source fails with before it leaves, and then is over', async () => {
    const { stream, log } = open(function* () {
      yield 1;
      throw new RuntimeError('UNAVAILABLE', 'lost');
    });
    await stream.next();

    await expect(stream.next()).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });

    expect(log).toEqual(['enter', 'explain lost', 'leave']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('hands a refusal on as it is, and leaves nothing', async () => {
    const { stream, log } = open(() => {
      throw new RuntimeError('PLUGIN_UNAVAILABLE', 'closed');
    });

    await expect(stream.next()).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });

    expect(log).toEqual(['enter']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('leaves once when its reader stops while a message is awaited', async () => {
    const never = new Promise<IteratorResult<number>>(() => {});
    const { stream, log } = open(() => ({ next: () => never, return: async () => ({ done: true, value: undefined }) }));
    void stream.next();

    await stream.return?.();

    expect(log).toEqual(['enter', 'leave']);
  });

  it('neither enters nor leaves when its reader stops before the first message', async () => {
    const { stream, log } = open(function* () {
      yield 1;
    });

    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual([]);
  });
});

// Helpers

function open(source: () => Iterator<number> | AsyncIterator<number>) {
  const log: string[] = [];
  const stream = gatedStream<number>({
    enter() {
      log.push('enter');
      const inner = source();
      return {
        next: async () => inner.next(),
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      };
    },
    async explain(reason) {
      const { rawMessage } = RuntimeError.from(reason);
      log.push(`explain ${rawMessage}`);
      return new RuntimeError('PLUGIN_CRASHED', rawMessage);
    },
    leave: () => void log.push('leave'),
  });
  return { stream, log };
}
