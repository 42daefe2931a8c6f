// The connection broker between a host and a plugin in a worker thread: go-plugin's broker, with message ports in the
// place of sockets.
//
// Invariants:
//   B1. A connection is a channel of its own, one end of which was handed to the other side: nobody else can use it, and
//       who is at its other end needs no proof.
//   B2. When the broker closes, every port that it has made or was handed is closed.
//   B3. A peer holds at most MAX_CONNECTIONS connections to one listener.

import { MessageChannel } from 'node:worker_threads';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { RuntimeError } from '../../errors/index.ts';
import type { ConnInfo } from '../../gen/plugin/grpc_broker.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { ServedService } from '../../ports/service.ts';
import { within } from '../../ports/within.ts';
import { createBroker } from '../go-plugin/broker.ts';
import type { BoundServer, Broker } from '../go-plugin/broker.ts';
import { FramePort, isPort } from './frame-port.ts';
import { PortConnection } from './port-connection.ts';
import { PortServer } from './port-server.ts';

/** What the two sides say to each other about brokered connections. */
export type BrokerNote =
  | { readonly kind: 'announced'; readonly info: ConnInfo }
  /** Serve the listener with the address on the port. */
  | { readonly kind: 'dialled'; readonly address: string; readonly port: MessagePort };

/** Options of a broker over ports. */
export interface PortBrokerOptions {
  readonly clock: Clock;
  readonly maxReceiveBytes: number | undefined;
  /** Sends a note to the other side. */
  readonly post: (note: BrokerNote, transfer?: readonly Transferable[]) => void;
}

/** A broker whose peer is reached by notes. Whoever makes it closes it. */
export interface PortBroker extends Broker {
  /** Takes in what the other side has posted, whatever it is. */
  onNote(note: unknown): void;
}

/** A listener, and who has connected to it. */
interface Listener {
  readonly services: readonly ServedService[];
  readonly onConnection: () => void;
  readonly ports: Set<FramePort>;
}

const MAX_CONNECTIONS = 256;
/** Milliseconds that the other side has to take a new connection. */
const CONNECT_MS = 5_000;
/** The first and only note on a brokered port. */
const READY = { kind: 'ready' };

/** Makes a broker whose connections are message ports. */
export function createPortBroker({ clock, maxReceiveBytes, post }: PortBrokerOptions): PortBroker {
  const listeners = new Map<string, Listener>();
  const dialled = new Set<PluginConnection>();
  let lastAddress = 0;

  function listen(services: readonly ServedService[], onConnection: () => void): BoundServer {
    lastAddress += 1;
    // In the form of a path, as the broker expects of its peers.
    const address = `/port/${lastAddress}`;
    const ports = new Set<FramePort>();
    listeners.set(address, { services, onConnection, ports });
    return {
      network: 'unix',
      address,
      close() {
        listeners.delete(address);
        for (const port of ports) port.close();
      },
    };
  }

  /** The other side has dialled. */
  function serve(address: string, port: MessagePort): void {
    const listener = listeners.get(address);
    if (listener === undefined || listener.ports.size >= MAX_CONNECTIONS) return port.close();
    const { services, ports, onConnection } = listener;
    const over = (): void => {
      ports.delete(frames);
      server.close();
    };
    const frames: FramePort = new FramePort(port, {
      onFrame: (kind, call, body) => server.onFrame(kind, call, body),
      onClosed: over,
    });
    const server = new PortServer(frames, { services, clock, maxReceiveBytes });
    ports.add(frames);
    frames.unref();
    frames.post(READY);
    onConnection();
  }

  const broker = createBroker({
    clock,
    listen: (services, onConnection) => Promise.resolve(listen(services, onConnection)),
    async dial({ address }) {
      const { port1, port2 } = new MessageChannel();
      const dialling = connectPort(port1, { clock, maxReceiveBytes, onOver: (one) => dialled.delete(one) });
      dialled.add(dialling.connection);
      post({ kind: 'dialled', address, port: port2 }, [port2]);
      try {
        if (await within(clock, CONNECT_MS, dialling.ready)) return dialling.connection;
        throw new RuntimeError('CONNECT_FAILED', `the other thread did not answer within ${CONNECT_MS} ms`);
      } catch (error) {
        dialling.connection.close();
        throw error;
      }
    },
    onClose() {
      for (const connection of dialled) connection.close();
    },
  });
  broker.attach({ send: (info) => post({ kind: 'announced', info }), end: () => {} });

  return Object.assign(broker, {
    onNote(note: unknown): void {
      const { kind, info, address, port } = note as { readonly [K in 'kind' | 'info' | 'address' | 'port']?: unknown };
      if (kind === 'announced') broker.receive(info as ConnInfo);
      if (kind === 'dialled' && isPort(port)) serve(String(address), port);
    },
  });
}

/** The dialling side of a brokered connection. */
function connectPort(
  port: MessagePort,
  options: { readonly clock: Clock; readonly maxReceiveBytes: number | undefined; onOver(one: PluginConnection): void },
): { readonly connection: PluginConnection; readonly ready: Promise<void> } {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  // Whoever gave the dial up hears of it no more.
  ready.catch(() => {});
  const frames = new FramePort(port, {
    onFrame: (kind, call, body) => connection.onFrame(kind, call, body),
    onNote: () => resolve(),
    onClosed: () => {
      reject(new RuntimeError('CONNECT_FAILED', 'the other thread does not listen any more'));
      connection.lost();
    },
  });
  frames.unref();
  const connection: PortConnection = new PortConnection(frames, {
    clock: options.clock,
    maxReceiveBytes: options.maxReceiveBytes,
    onClose: () => {
      options.onOver(connection);
      frames.close();
    },
  });
  return { connection, ready };
}
