// Broker messages as bytes, and the broker under any order of what can happen to it.

import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { ConnInfo } from '../../src/gen/plugin/grpc_broker.ts';
import { createVirtualClock } from '../../src/ports/index.ts';
import { createBroker } from '../../src/transport/go-plugin/broker.ts';
import type { BoundServer, Broker, BrokerListener } from '../../src/transport/go-plugin/broker.ts';
import { createMemoryConnection } from '../../src/transport/memory/index.ts';
import { readCaptures } from '../../test/fixtures/read-captures.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';
import { oddMessage } from '../arbitraries/odd-message.ts';

/** `INTERNAL` is what a call ends with whose message cannot be decoded. */
const DOCUMENTED = [
  'INTERNAL',
  'INVALID_OPTIONS',
  'BROKER_ID_IN_USE',
  'BROKER_TIMEOUT',
  'BROKER_CLOSED',
  'NETWORK_UNSUPPORTED',
  'ADDRESS_INVALID',
  'RESOURCE_EXHAUSTED',
  'CONNECT_FAILED',
  'LISTEN_FAILED',
] as const;
const MAX_PENDING = 3;
const ANNOUNCED: readonly Omit<ConnInfo, 'serviceId'>[] = [
  { network: 'unix', address: '/tmp/x/plugin1' },
  { network: 'unix', address: '/tmp/x/plugin2' },
  { network: 'tcp', address: '127.0.0.1:80' },
  { network: 'tcp', address: '[::1]:80' },
  { network: 'tcp', address: '10.0.0.1:80' },
  { network: 'unix', address: 'plugin1' },
  { network: 'unix', address: '/\u2028' },
  { network: 'udp', address: '127.0.0.1:80' },
  { network: '', address: '' },
  { network: '', address: '', knock: { knock: true, ack: false, error: '' } },
];

type Step =
  | { readonly kind: 'receive'; readonly bytes: Buffer }
  | { readonly kind: 'accept'; readonly id: number; readonly keepAdvertised: boolean; readonly fails: boolean }
  | { readonly kind: 'dial'; readonly id: number }
  | { readonly kind: 'closeListener'; readonly number: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'attach' | 'detach' | 'connect' | 'close' };

describe('fuzz: announcements', () => {
  it('leave a broker within its bounds, every dial and accept settled, and nothing behind', async () => {
    const outcomes = createOutcomes('announcements', DOCUMENTED);

    const property = fc.asyncProperty(fc.array(steps(), { maxLength: 30 }), async (all) => {
      const rig = createRig();
      const settled: Promise<unknown>[] = [];
      for (const step of all) {
        const under = rig.take(step);
        if (under !== undefined) settled.push(outcomes.settle(() => under));
        // Lets what was decided become true, and nothing more.
        await Promise.resolve();
        const { pending, waiting } = rig.broker.status();
        expect(Math.max(pending, waiting)).toBeLessThanOrEqual(MAX_PENDING);
      }
      rig.broker.close();
      await Promise.all(settled);
      expect(rig.left()).toEqual({ timers: 0, sockets: 0, links: 0, pending: 0, waiting: 0, listeners: 0 });
    });
    await fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish([...DOCUMENTED, 'ok'])).toEqual([]);
  });
});

// Helpers

/** A broker with a virtual clock, whose sockets and streams are counted. */
function createRig() {
  const clock = createVirtualClock();
  const sockets = new Map<number, () => void>();
  const links = new Set<object>();
  const listeners: BrokerListener[] = [];
  let detach = (): void => {};
  let fails = false;
  let number = 0;
  const broker = createBroker({
    clock,
    maxPending: MAX_PENDING,
    async listen(_, onConnection): Promise<BoundServer> {
      if (fails) throw new RuntimeError('LISTEN_FAILED', 'as the step says');
      const own = number++;
      sockets.set(own, onConnection);
      return { network: 'unix', address: `/socket-${own}`, close: () => void sockets.delete(own) };
    },
    async dial({ network, address }) {
      expect(`${network} ${address}`).toMatch(/^(unix \/|tcp (127\.|\[))/);
      if (network === 'tcp') throw new RuntimeError('CONNECT_FAILED', 'nobody listens on any port');
      return createMemoryConnection([], { clock });
    },
  });

  /** What a step waits for; undefined when it is over at once. */
  function take(step: Step): Promise<unknown> | undefined {
    switch (step.kind) {
      case 'receive':
        return received(broker, step.bytes);
      case 'accept':
        ({ fails } = step);
        return broker.accept(step.id, [], step).then((listener) => listeners.push(listener));
      case 'dial':
        return broker.dial(step.id).then((connection) => connection.close());
      default:
        happen(step);
        return undefined;
    }
  }

  function happen(step: Exclude<Step, { readonly kind: 'receive' | 'accept' | 'dial' }>): void {
    if (step.kind === 'closeListener') listeners[step.number % Math.max(1, listeners.length)]?.close();
    else if (step.kind === 'advance') clock.advance(step.ms);
    else if (step.kind === 'attach') attach();
    else if (step.kind === 'detach') detach();
    else if (step.kind === 'connect') for (const onConnection of sockets.values()) onConnection();
    else broker.close();
  }

  function attach(): void {
    const link = {
      // A message that cannot be encoded would end the stream.
      send: (info: ConnInfo) => void ConnInfo.encode(info).finish(),
      end: () => void links.delete(link),
    };
    links.clear();
    links.add(link);
    const undo = broker.attach(link);
    detach = () => {
      undo();
      links.delete(link);
    };
  }

  const left = () => {
    const { pending, waiting, listeners: open } = broker.status();
    return { timers: clock.pending, sockets: sockets.size, links: links.size, pending, waiting, listeners: open };
  };
  return { broker, take, left };
}

/** What a connection does with the bytes of a message. */
async function received(broker: Broker, bytes: Buffer): Promise<void> {
  let info: ConnInfo;
  try {
    info = ConnInfo.decode(bytes);
  } catch (cause) {
    throw new RuntimeError('INTERNAL', 'the message cannot be decoded', { cause });
  }
  broker.receive(info);
}

function steps(): fc.Arbitrary<Step> {
  const id = fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, fc.constantFrom(-1, 1.5, Number.NaN, 2 ** 32, 2 ** 32 - 1));
  const fails = fc.integer({ min: 0, max: 6 }).map((number) => number === 0);
  const ms = fc.oneof(fc.constantFrom(1, 20, 4_999, 5_000, 5_500), fc.nat(20_000));
  const rarely = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('attach', 'detach', 'connect', 'closeListener') },
    { weight: 1, arbitrary: fc.constant('close') },
  );
  return fc.oneof(
    { weight: 5, arbitrary: messages().map((bytes): Step => ({ kind: 'receive', bytes })) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('accept' as const), id, keepAdvertised: fc.boolean(), fails }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('dial' as const), id }) },
    { weight: 2, arbitrary: ms.map((all): Step => ({ kind: 'advance', ms: all })) },
    { weight: 2, arbitrary: fc.tuple(rarely, fc.nat(5)).map(([kind, number]): Step => ({ kind, number })) },
  );
}

/** Messages of real peers, edited; messages for the ids of the steps; and messages of any fields. */
function messages(): fc.Arbitrary<Buffer> {
  const usual = fc
    .tuple(fc.nat(3), fc.constantFrom(...ANNOUNCED))
    .map(([serviceId, info]) => Buffer.from(ConnInfo.encode({ serviceId, ...info }).finish()));
  return fc.oneof(
    { weight: 4, arbitrary: usual },
    { weight: 2, arbitrary: editedBytes(readCaptures().announcements) },
    { weight: 2, arbitrary: oddMessage() },
  );
}
