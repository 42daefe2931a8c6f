import { describe, expect, it, onTestFinished } from 'vitest';
import type { ConnInfo } from '../../../src/gen/plugin/grpc_broker.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import type { AnnouncedAddress } from '../../../src/transport/go-plugin/announcements.ts';
import { createBroker } from '../../../src/transport/go-plugin/broker.ts';
import type { BrokerOptions } from '../../../src/transport/go-plugin/broker.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';

describe('nextId', () => {
  it('counts 1, 2, 3 and passes over ids that are listened for', async () => {
    const { broker } = setUp();
    await broker.accept(2, []);

    expect([broker.nextId(), broker.nextId(), broker.nextId()]).toEqual([1, 3, 4]);
  });
});

describe('accept', () => {
  it('announces where it listens', async () => {
    const { broker, sent } = setUp();

    const listener = await broker.accept(7, []);

    expect(sent).toEqual([{ serviceId: 7, network: 'unix', address: '/socket-1' }]);
    expect(listener).toMatchObject({ id: 7, network: 'unix', address: '/socket-1' });
  });

  it('refuses an id that it listens for, also while the socket is being opened', async () => {
    const { broker } = setUp();
    const first = broker.accept(7, []);

    await expect(broker.accept(7, [])).rejects.toMatchObject({ code: 'BROKER_ID_IN_USE' });
    await first;
    await expect(broker.accept(7, [])).rejects.toMatchObject({ code: 'BROKER_ID_IN_USE' });
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 32])('refuses the id %d, which no announcement can carry', async (id) => {
    const { broker, sent, open } = setUp();

    await expect(broker.accept(id, [])).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field: 'id' });
    await expect(broker.dial(id)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field: 'id' });
    expect([sent, open.size]).toEqual([[], 0]);
  });

  it('gives an id free when its listener closes or cannot listen', async () => {
    const { broker, open } = setUp({ failListens: 1 });

    await expect(broker.accept(7, [])).rejects.toThrow('no socket');
    (await broker.accept(7, [])).close();
    await broker.accept(7, []);

    expect([...open]).toEqual(['/socket-3']);
  });

  it('announces once by default, and every 5,500 ms with keepAdvertised until it is closed', async () => {
    const { broker, clock, sent } = setUp();
    await broker.accept(1, []);
    const kept = await broker.accept(2, [], { keepAdvertised: true });

    clock.advance(16_500);
    kept.close();
    clock.advance(16_500);

    expect(sent.map((info) => info.serviceId)).toEqual([1, 2, 2, 2, 2]);
    expect(clock.pending).toBe(0);
  });

  it('announces a kept listener 20 ms after each connection, and then every 5,500 ms again', async () => {
    const { broker, clock, sent, connect } = setUp();
    const kept = await broker.accept(1, [], { keepAdvertised: true });
    await broker.accept(2, []);
    const at: number[] = [];

    clock.advance(1_000);
    connect();
    for (let ms = 0; ms < 11_500; ms += 10) {
      clock.advance(10);
      while (at.length < sent.length - 2) at.push(clock.now());
    }
    kept.close();
    connect();

    expect(at).toEqual([1_020, 6_520, 12_020]);
    expect(clock.pending).toBe(0);
  });
});

describe('dial', () => {
  it('connects to what was announced before', async () => {
    const { broker, dialled } = setUp();
    broker.receive({ serviceId: 3, network: 'unix', address: '/there' });

    await broker.dial(3);

    expect(dialled).toEqual([{ network: 'unix', address: '/there' }]);
  });

  it('waits for an announcement that comes 4,999 ms later', async () => {
    const { broker, clock, dialled } = setUp();
    const dial = broker.dial(3);
    clock.advance(4_999);

    broker.receive({ serviceId: 3, network: 'tcp', address: '127.0.0.1:99' });
    await dial;

    expect(dialled).toEqual([{ network: 'tcp', address: '127.0.0.1:99' }]);
    expect(clock.pending).toBe(0);
  });

  it('fails with BROKER_TIMEOUT after 5,000 ms', async () => {
    const { broker, clock } = setUp();
    const dial = broker.dial(3);
    clock.advance(5_000);

    await expect(dial).rejects.toMatchObject({
      code: 'BROKER_TIMEOUT',
      rawMessage: 'the peer announced no listener for broker id 3 within 5000 ms',
    });
    expect(broker.status().waiting).toBe(0);
  });

  it('uses an announcement once', async () => {
    const { broker, clock } = setUp();
    broker.receive({ serviceId: 3, network: 'unix', address: '/there' });
    await broker.dial(3);

    const second = broker.dial(3, { timeoutMs: 100 });
    clock.advance(100);

    await expect(second).rejects.toMatchObject({ code: 'BROKER_TIMEOUT' });
  });

  it('serves two waiting dials of one id in their order, one announcement each', async () => {
    const { broker, dialled } = setUp();
    const both = [broker.dial(3), broker.dial(3)];

    broker.receive({ serviceId: 3, network: 'unix', address: '/first' });
    broker.receive({ serviceId: 3, network: 'unix', address: '/second' });
    await Promise.all(both);

    expect(dialled.map((target) => target.address)).toEqual(['/first', '/second']);
  });

  it('does not know an announcement that is 5,000 ms old', async () => {
    const { broker, clock } = setUp();
    broker.receive({ serviceId: 3, network: 'unix', address: '/there' });
    clock.advance(5_000);

    const dial = broker.dial(3, { timeoutMs: 1 });
    clock.advance(1);

    await expect(dial).rejects.toMatchObject({ code: 'BROKER_TIMEOUT' });
  });

  it('uses the newest of two announcements, and counts its age from its own arrival', async () => {
    const { broker, clock, dialled } = setUp();
    broker.receive({ serviceId: 3, network: 'unix', address: '/old' });
    clock.advance(4_000);
    broker.receive({ serviceId: 3, network: 'unix', address: '/new' });
    clock.advance(4_000);

    await broker.dial(3);

    expect(dialled).toEqual([{ network: 'unix', address: '/new' }]);
  });

  it.each([
    ['udp', '127.0.0.1:1', 'NETWORK_UNSUPPORTED'],
    ['tcp', '192.0.2.1:443', 'ADDRESS_INVALID'],
    ['tcp', 'example.org:443', 'ADDRESS_INVALID'],
    ['unix', 'relative', 'ADDRESS_INVALID'],
  ])('does not connect to the announced %s address %s', async (network, address, code) => {
    const { broker, dialled, announced } = setUp();
    const waiting = broker.dial(3);
    broker.receive({ serviceId: 3, network, address });
    broker.receive({ serviceId: 3, network, address });

    await expect(waiting).rejects.toMatchObject({ code });
    await expect(broker.dial(3)).rejects.toMatchObject({ code });
    expect([dialled, announced]).toEqual([[], []]);
  });
});

describe('bounds', () => {
  it('keeps 1,024 announcements at most, and counts what it drops', () => {
    const { broker, clock } = setUp();

    for (let id = 1; id <= 1_030; id += 1) broker.receive({ serviceId: id, network: 'unix', address: '/x' });

    expect(broker.status()).toMatchObject({ pending: 1_024, dropped: 6 });
    clock.advance(5_000);
    expect(broker.status().pending).toBe(0);
  });

  it('refuses the 1,025th waiting dial', async () => {
    const { broker } = setUp();
    const dials = Array.from({ length: 1_024 }, (_, id) => broker.dial(id));

    await expect(broker.dial(2_000)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    broker.close();
    await Promise.allSettled(dials);
  });
});

describe('a stream that is opened again', () => {
  it('hears of every open listener, also of those accepted without a stream', async () => {
    const { broker, sent, detach } = setUp();
    await broker.accept(1, []);
    detach();
    await broker.accept(2, []);
    const again: ConnInfo[] = [];

    broker.attach({ send: (info) => again.push(info), end: () => {} });

    expect(sent.map((info) => info.serviceId)).toEqual([1]);
    expect(again.map((info) => info.serviceId)).toEqual([1, 2]);
  });

  it('is kept when the end of the one before is noticed late', async () => {
    const { broker, detach } = setUp();
    const again: ConnInfo[] = [];
    broker.attach({ send: (info) => again.push(info), end: () => {} });

    detach();
    await broker.accept(1, []);

    expect(again).toHaveLength(1);
  });

  it('leaves waiting dials waiting', async () => {
    const { broker, detach } = setUp();
    const dial = broker.dial(3);
    detach();
    broker.attach({ send: () => {}, end: () => {} });

    broker.receive({ serviceId: 3, network: 'unix', address: '/there' });

    await expect(dial).resolves.toBeDefined();
  });
});

describe('a knock', () => {
  it('is answered with an error, and an answer to one is not answered', () => {
    const { broker, sent } = setUp();

    broker.receive({ serviceId: 5, network: '', address: '', knock: { knock: true, ack: false, error: '' } });
    broker.receive({ serviceId: 5, network: '', address: '', knock: { knock: true, ack: true, error: 'no' } });

    expect(sent).toEqual([
      {
        serviceId: 5,
        network: '',
        address: '',
        knock: { knock: true, ack: true, error: expect.stringContaining('not supported') },
      },
    ]);
    expect(broker.status().pending).toBe(0);
  });
});

describe('close', () => {
  it('closes listeners, fails waiting dials, ends the stream and leaves no timer', async () => {
    const { broker, clock, open, ends } = setUp();
    await broker.accept(1, [], { keepAdvertised: true });
    broker.receive({ serviceId: 8, network: 'unix', address: '/x' });
    const dial = broker.dial(9);

    broker.close();
    broker.close();

    await expect(dial).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
    expect([open.size, clock.pending, ends()]).toEqual([0, 0, 1]);
    expect(broker.status()).toMatchObject({ listeners: 0, pending: 0, waiting: 0 });
  });

  it('refuses everything afterwards', async () => {
    const { broker } = setUp();
    broker.close();

    await expect(broker.accept(1, [])).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
    await expect(broker.dial(1)).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
    broker.receive({ serviceId: 1, network: 'unix', address: '/x' });
    expect(broker.status().pending).toBe(0);
  });

  it('closes a socket that was being opened meanwhile', async () => {
    const { broker, open } = setUp();
    const accepting = broker.accept(1, []);

    broker.close();

    await expect(accepting).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
    expect(open.size).toBe(0);
  });
});

// Helpers

function setUp({ failListens = 0 } = {}) {
  const clock = createVirtualClock();
  const open = new Set<string>();
  const sent: ConnInfo[] = [];
  const announced: AnnouncedAddress[] = [];
  const dialled: { network: string; address: string }[] = [];
  let listens = 0;
  let ends = 0;
  const connections: (() => void)[] = [];
  const listen: BrokerOptions['listen'] = async (_, onConnection) => {
    connections.push(onConnection);
    listens += 1;
    if (listens <= failListens) throw new Error('no socket');
    const address = `/socket-${listens}`;
    open.add(address);
    return { network: 'unix', address, close: () => void open.delete(address) };
  };
  const dial: BrokerOptions['dial'] = async (target) => {
    dialled.push(target);
    return createMemoryConnection([], { clock });
  };
  const broker = createBroker({ clock, listen, dial, onAnnounced: (target) => announced.push(target) });
  onTestFinished(() => broker.close());
  const detach = broker.attach({
    send: (info) => sent.push(info),
    end: () => {
      ends += 1;
    },
  });
  /** Somebody connects to each listener. */
  const connect = (): void => {
    for (const onConnection of connections) onConnection();
  };
  return { broker, clock, open, sent, dialled, announced, detach, connect, ends: () => ends };
}
