// Defects of go-plugin that can be shown to be absent without a process: each title names the issue.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { ConnInfo } from '../../../src/gen/plugin/grpc_broker.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import type { Clock, TimerHandle } from '../../../src/ports/index.ts';
import { createBroker } from '../../../src/transport/go-plugin/broker.ts';
import type { Broker, BrokerOptions } from '../../../src/transport/go-plugin/broker.ts';
import { createLogLineParser } from '../../../src/transport/go-plugin/hclog.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { readCaptures } from '../../fixtures/read-captures.ts';

const { logs } = readCaptures();

describe('a panic of Go', () => {
  it.each(['Go panic', 'Go out of memory'] as const)('#292: is logged at error, all lines of it: %s', (name) => {
    const parser = createLogLineParser();
    const lines = logs[name].split('\n');
    const first = lines.findIndex((line) => /^(panic|fatal error): /.test(line));

    const levels = lines.map((line) => parser.parse(line).level);

    expect(first).toBeGreaterThanOrEqual(0);
    expect(new Set(levels.slice(first))).toEqual(new Set(['error']));
    expect(levels.slice(0, first)).not.toContain('error');
  });
});

describe('a broker without a stream', () => {
  it('section 5.3: gives a dial up after 5,000 ms with BROKER_TIMEOUT', async () => {
    const clock = createVirtualClock();
    const dial = brokerOf(clock).dial(3);

    clock.advance(5_000);

    await expect(dial).rejects.toMatchObject({ code: 'BROKER_TIMEOUT' });
    expect(clock.pending).toBe(0);
  });
});

describe('a listener that stays advertised', () => {
  it('section 5.3: is dialable by a peer in Go at any moment of the first 60 s, and again at once', async () => {
    for (let at = 0; at <= 60_000; at += 400) {
      const clock = createVirtualClock();
      let connected = (): void => {};
      const broker = brokerOf(clock, (onConnection) => {
        connected = onConnection;
      });
      const peer = goPeer(clock);
      broker.attach({ send: peer.receive, end: () => {} });
      await broker.accept(7, [], { keepAdvertised: true });
      clock.advance(at);

      for (let dials = 0; dials < 3; dials += 1) {
        const dial = peer.dial(7);
        clock.advance(GO_DIAL_MS - 1);
        await expect(dial).resolves.toMatchObject({ serviceId: 7 });
        connected();
      }
      broker.close();
    }
  });

  it('section 5.3: outlives the stream: a new one announces it at once', async () => {
    const clock = createVirtualClock();
    const broker = brokerOf(clock);
    const detach = broker.attach({ send: () => {}, end: () => {} });
    await broker.accept(7, [], { keepAdvertised: true });
    detach();
    clock.advance(60_000);
    const peer = goPeer(clock);

    broker.attach({ send: peer.receive, end: () => {} });

    await expect(peer.dial(7)).resolves.toMatchObject({ address: '/socket' });
  });
});

// Helpers

/** How long a dial of go-plugin waits, and how long it keeps an announcement. */
const GO_DIAL_MS = 5_000;

function brokerOf(clock: Clock, onListen: (onConnection: () => void) => void = () => {}): Broker {
  const listen: BrokerOptions['listen'] = async (_, onConnection) => {
    onListen(onConnection);
    return { network: 'unix', address: '/socket', close: () => {} };
  };
  const broker = createBroker({ clock, listen, dial: async () => createMemoryConnection([], { clock }) });
  onTestFinished(() => broker.close());
  return broker;
}

/** An announcement that came, or a dial that waits for one, in go-plugin. */
interface GoStream {
  info: ConnInfo | undefined;
  wake: (info: ConnInfo) => void;
  readonly timers: TimerHandle[];
}

/**
 * The receiving side of go-plugin: a second announcement is dropped while one waits, and each, 5 s after it came, takes
 * along whatever there is under its id by then, a waiting dial too.
 */
function goPeer(clock: Clock) {
  const streams = new Map<number, GoStream>();
  const streamOf = (id: number): GoStream => {
    const stream = streams.get(id) ?? { info: undefined, wake: () => {}, timers: [] };
    streams.set(id, stream);
    return stream;
  };
  const receive = (info: ConnInfo): void => {
    const stream = streamOf(info.serviceId);
    stream.info ??= info;
    stream.timers.push(clock.setTimeout(() => void streams.delete(info.serviceId), GO_DIAL_MS));
    stream.wake(stream.info);
  };
  const dial = (id: number): Promise<ConnInfo> => {
    const stream = streamOf(id);
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => reject(new Error('timeout waiting for connection info')), GO_DIAL_MS);
      stream.wake = (info) => {
        for (const handle of [timer, ...stream.timers]) clock.clearTimeout(handle);
        streams.delete(id);
        resolve(info);
      };
      if (stream.info !== undefined) stream.wake(stream.info);
    });
  };
  return { receive, dial };
}
