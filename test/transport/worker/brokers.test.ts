// The brokers of the placements without sockets; what go-plugin's broker does by itself is tested with it.

import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock, createRealEnvironment, createServiceClient, service } from '../../../src/ports/index.ts';
import type { Broker } from '../../../src/transport/go-plugin/broker.ts';
import { createLocalBrokers } from '../../../src/transport/in-process/local-brokers.ts';
import { FramePort } from '../../../src/transport/worker/frame-port.ts';
import { createPortBroker } from '../../../src/transport/worker/port-broker.ts';
import type { PortBroker } from '../../../src/transport/worker/port-broker.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { probe } from '../connection-contract.ts';

const PROBE = [service(ProbeServiceService, probe())];

describe.each<[string, () => readonly [Broker, Broker]]>([
  ['over ports', portBrokers],
  ['in memory', localBrokers],
])('two brokers %s', (_how, open) => {
  it('connect in both directions, each with ids of its own', async () => {
    const [one, other] = open();
    await one.accept(1, PROBE);
    await other.accept(1, PROBE);

    const answers = await Promise.all([one.dial(1), other.dial(1)].map(async (dial) => echo(await dial, 'hi')));

    expect(answers).toEqual(['hi', 'hi']);
  });

  it('give an announcement to the first dial only: BROKER_TIMEOUT for the second', async () => {
    const [one, other] = open();
    await one.accept(3, PROBE);
    await other.dial(3);

    await expect(other.dial(3, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'BROKER_TIMEOUT' });
  });

  it('take dials again and again for a listener that is kept advertised', async () => {
    const [one, other] = open();
    await one.accept(3, PROBE, { keepAdvertised: true });

    for (let dial = 0; dial < 3; dial += 1) expect(await echo(await other.dial(3), `${dial}`)).toBe(`${dial}`);
  });

  it('lose their calls with UNAVAILABLE when the listener closes', async () => {
    const [one, other] = open();
    const listener = await one.accept(3, PROBE);
    const connection = await other.dial(3);
    const hanging = createServiceClient(ProbeServiceService, connection).hang({ busy: false });
    await echo(connection, '');

    listener.close();

    await expect(hanging).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('end their calls and refuse dials when the dialling side closes', async () => {
    const [one, other] = open();
    await one.accept(3, PROBE);
    const connection = await other.dial(3);
    const hanging = createServiceClient(ProbeServiceService, connection).hang({ busy: false });

    other.close();

    await expect(hanging).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(other.dial(4)).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
  });

  it('fail a dial with CONNECT_FAILED when the listener has just closed', async () => {
    const [one, other] = open();
    const listener = await one.accept(3, PROBE);
    // The announcement is on its way, or there; the listener is not.
    await echo(await other.dial(3), '');
    await one.accept(4, PROBE).then((second) => second.close());
    listener.close();

    await expect(other.dial(4)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  });
});

// Helpers

async function echo(connection: Parameters<typeof createServiceClient>[1], text: string): Promise<string> {
  return (await createServiceClient(ProbeServiceService, connection).echo({ text })).text;
}

function localBrokers(): readonly [Broker, Broker] {
  const { host, plugin } = createLocalBrokers(createRealEnvironment(), undefined);
  onTestFinished(() => {
    host.close();
    plugin.close();
  });
  return [host, plugin];
}

function portBrokers(): readonly [Broker, Broker] {
  const { port1, port2 } = new MessageChannel();
  const side = (port: MessageChannel['port1']): { readonly broker: PortBroker; readonly frames: FramePort } => {
    const frames: FramePort = new FramePort(port, {
      onFrame: () => {},
      onNote: (note) => broker.onNote(note),
      onClosed: () => {},
    });
    const post: Parameters<typeof createPortBroker>[0]['post'] = (note, transfer) => frames.post(note, transfer);
    const broker: PortBroker = createPortBroker({ clock: createRealClock(), maxReceiveBytes: undefined, post });
    return { broker, frames };
  };
  const [one, other] = [side(port1), side(port2)];
  onTestFinished(() => {
    for (const { broker, frames } of [one, other]) {
      broker.close();
      frames.close();
    }
  });
  return [one.broker, other.broker];
}
