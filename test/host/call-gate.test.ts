import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createCallGate } from '../../src/host/call-gate.ts';
import type { CallGate } from '../../src/host/call-gate.ts';
import type { CallOptions, MethodDescriptor, PluginConnection } from '../../src/ports/index.ts';

type Method = MethodDescriptor<string, string>;
type Kind = 'unary' | 'clientStream' | 'serverStream' | 'bidiStream';

const method = { path: '/test.Kv/Get' } as Method;
const KINDS: readonly Kind[] = ['unary', 'clientStream', 'serverStream', 'bidiStream'];
const STREAMS = ['serverStream', 'bidiStream'] as const;

describe('G1: a call through the gate', () => {
  it.each(KINDS)('is refused with the given reason while the gate is closed: %s', async (kind) => {
    const { gate } = closedGate();

    await expect(call(gate, kind)).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE', rawMessage: 'not now' });
    expect(gate.inFlight).toBe(0);
  });

  it.each(KINDS)('reaches the connection with its request and options: %s', async (kind) => {
    const { gate } = closedGate();
    const seen: unknown[] = [];
    gate.admit(connectionOf((...given) => (seen.push(given), 'answer')));

    const options: CallOptions = { timeoutMs: 5 };
    const answers = await call(gate, kind, options);

    const onEnded = expect.any(Function);
    const told = kind === 'serverStream' || kind === 'bidiStream' ? { ...options, onEnded } : options;
    expect([answers, seen]).toEqual([['answer'], [[kind, method, 'request', told]]]);
  });

  it.each(KINDS)('is refused again after the gate was closed: %s', async (kind) => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => 'answer'));
    gate.refuse();

    await expect(call(gate, kind)).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
  });

  it.each(STREAMS)('is decided when a stream is first read: %s', async (kind) => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => 'answer'));
    const stream = streamOf(gate, kind);
    gate.refuse();

    await expect(stream.next()).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
  });

  it('goes to the newest connection', async () => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => 'old'));
    gate.refuse();
    gate.admit(connectionOf(() => 'new'));

    expect(await call(gate, 'unary')).toEqual(['new']);
  });
});

describe('the peer of the gate', () => {
  it('is nobody while the gate is closed, and that of the connection while it is open', () => {
    const { gate } = closedGate();
    const before = gate.peer;
    gate.admit({ ...connectionOf(() => ''), peer: { fingerprint: 'ab' } });
    const during = gate.peer;
    gate.refuse();

    expect([before, during, gate.peer]).toEqual([
      { fingerprint: undefined },
      { fingerprint: 'ab' },
      { fingerprint: undefined },
    ]);
  });
});

describe('G2: the calls in flight', () => {
  it.each(KINDS)('count a call from its start to its end: %s', async (kind) => {
    const { gate } = closedGate();
    const { answered, answer } = later();
    gate.admit(connectionOf(() => answered));
    const calls = [call(gate, kind), call(gate, kind)];
    await settle();
    const during = gate.inFlight;

    answer('done');
    await Promise.all(calls);

    expect([during, gate.inFlight]).toEqual([2, 0]);
  });

  it.each(KINDS)('no longer count a call that failed: %s', async (kind) => {
    const { gate } = closedGate();
    gate.admit(
      connectionOf(() => {
        throw new Error('broken');
      }),
    );

    await expect(call(gate, kind)).rejects.toThrow('because it crashed');

    expect(gate.inFlight).toBe(0);
  });

  it.each(STREAMS)('no longer count a stream whose reader leaves early: %s', async (kind) => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => 'first', 'second'));
    const stream = streamOf(gate, kind);
    await stream.next();
    const during = gate.inFlight;

    await stream.return?.();

    expect([during, gate.inFlight]).toEqual([1, 0]);
  });

  it.each(STREAMS)('no longer count a stream that is over although nobody reads on: %s', async (kind) => {
    const { gate } = closedGate();
    let given: CallOptions = {};
    gate.admit(connectionOf((_kind, _method, _request, options) => ((given = options as CallOptions), 'first')));
    const stream = streamOf(gate, kind);
    await stream.next();
    const during = gate.inFlight;

    given.onEnded?.();
    const after = gate.inFlight;
    await stream.return?.();

    expect([during, after, gate.inFlight]).toEqual([1, 0, 0]);
  });

  it('go on when the gate is closed', async () => {
    const { gate } = closedGate();
    const { answered, answer } = later();
    gate.admit(connectionOf(() => answered));
    const running = call(gate, 'unary');

    gate.refuse();
    answer('in time');

    expect(await running).toEqual(['in time']);
  });
});

describe('drained', () => {
  it('settles at once when no call is in flight', async () => {
    const { gate } = closedGate();

    await expect(gate.drained(new AbortController().signal)).resolves.toBeUndefined();
  });

  it('settles with the end of the last call, for everybody who waits', async () => {
    const { gate } = closedGate();
    const [first, second] = [later(), later()];
    const answers = [first.answered, second.answered];
    gate.admit(connectionOf(() => answers.shift() ?? ''));
    const calls = [call(gate, 'unary'), call(gate, 'unary')];
    let drained = 0;
    for (let i = 0; i < 2; i++) void gate.drained(new AbortController().signal).then(() => drained++);

    first.answer('1');
    await settle();
    const before = drained;
    second.answer('2');
    await Promise.all(calls);
    await settle();

    expect([before, drained]).toEqual([0, 2]);
  });

  it('gives up with its signal and leaves no listener on it', async () => {
    const { gate } = closedGate();
    const { answered, answer } = later();
    gate.admit(connectionOf(() => answered));
    const running = call(gate, 'unary');
    const [aborted, kept] = [new AbortController(), listeningSignal()];
    const waiting = [gate.drained(aborted.signal), gate.drained(kept.signal)];

    aborted.abort();
    await waiting[0];
    answer('late');
    await Promise.all([...waiting, running]);

    expect(kept.listeners).toBe(0);
  });

  it('settles at once for a signal that was aborted before', async () => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => later().answered));
    void call(gate, 'unary');

    await expect(gate.drained(AbortSignal.abort())).resolves.toBeUndefined();
  });
});

describe('G3: a call that fails', () => {
  it.each(KINDS)('throws what explains its error: %s', async (kind) => {
    const { gate, asked } = closedGate();
    gate.admit(
      connectionOf(() => {
        throw new RuntimeError('UNAVAILABLE', 'socket hang up');
      }),
    );

    await expect(call(gate, kind)).rejects.toMatchObject({ code: 'PLUGIN_CRASHED', rawMessage: 'because it crashed' });
    expect(asked).toMatchObject([{ code: 'UNAVAILABLE', rawMessage: 'socket hang up' }]);
  });

  it('is explained as UNKNOWN when its error has no code', async () => {
    const { gate, asked } = closedGate();
    gate.admit(
      connectionOf(() => {
        throw new TypeError('not a function');
      }),
    );

    await expect(call(gate, 'unary')).rejects.toThrow('because it crashed');
    expect(asked).toMatchObject([{ code: 'UNKNOWN', cause: expect.any(TypeError) as unknown }]);
  });

  it('stays in flight until it is explained', async () => {
    const { answered: explained, answer: explain } = later();
    const gate = createCallGate({
      refusal: () => new RuntimeError('PLUGIN_UNAVAILABLE', 'not now'),
      explain: async (error) => (await explained, error),
    });
    gate.admit(connectionOf(() => Promise.reject(new Error('broken'))));
    const running = call(gate, 'unary').catch(() => 'failed');
    await settle();
    const during = gate.inFlight;

    explain('now');

    expect([during, await running, gate.inFlight]).toEqual([1, 'failed', 0]);
  });
});

describe('close', () => {
  it('changes nothing: callers hold the gate as their connection', async () => {
    const { gate } = closedGate();
    gate.admit(connectionOf(() => 'answer'));

    gate.close();

    expect(await call(gate, 'unary')).toEqual(['answer']);
  });
});

// Helpers

function closedGate(): { gate: CallGate; asked: RuntimeError[] } {
  const asked: RuntimeError[] = [];
  const gate = createCallGate({
    refusal: () => new RuntimeError('PLUGIN_UNAVAILABLE', 'not now'),
    explain: async (error) => {
      asked.push(error);
      return new RuntimeError('PLUGIN_CRASHED', 'because it crashed');
    },
  });
  return { gate, asked };
}

type Respond = (kind: Kind, method: unknown, request: unknown, options: unknown) => string | Promise<string>;

/** Answers each kind of call by one function; streams give what it returns, then `more`. */
function connectionOf(respond: Respond, ...more: readonly string[]): PluginConnection {
  const one = (kind: Kind) =>
    (async (given: unknown, request: unknown, options: unknown) => respond(kind, given, request, options)) as never;
  const many = (kind: Kind) =>
    async function* (given: unknown, request: unknown, options: unknown) {
      yield await respond(kind, given, request, options);
      yield* more;
    } as never;
  return {
    peer: { fingerprint: undefined },
    unary: one('unary'),
    clientStream: one('clientStream'),
    serverStream: many('serverStream'),
    bidiStream: many('bidiStream'),
    close: () => {},
  };
}

async function call(gate: CallGate, kind: Kind, options?: CallOptions): Promise<string[]> {
  // A request stream is handed through as it is, so a string stands for it just as well.
  if (kind === 'unary') return [await gate.unary(method, 'request', options)];
  if (kind === 'clientStream') return [await gate.clientStream(method, 'request', options)];
  const answers: string[] = [];
  for await (const answer of gate[kind](method, 'request', options)) answers.push(answer);
  return answers;
}

function streamOf(gate: CallGate, kind: (typeof STREAMS)[number]): AsyncIterator<string> {
  return gate[kind](method, 'request')[Symbol.asyncIterator]();
}

function later(): { answered: Promise<string>; answer: (text: string) => void } {
  let answer: (text: string) => void = () => {};
  const answered = new Promise<string>((resolve) => (answer = resolve));
  return { answered, answer };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

function listeningSignal(): { signal: AbortSignal; readonly listeners: number } {
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...given: Parameters<typeof add>) => (listeners++, add(...given));
  signal.removeEventListener = (...given: Parameters<typeof remove>) => (listeners--, remove(...given));
  return {
    signal,
    get listeners() {
      return listeners;
    },
  };
}
