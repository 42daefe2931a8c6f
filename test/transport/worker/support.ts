// A connection over message ports whose two ends are in the same thread: the wire is the real one, the thread is not.

import { MessageChannel } from 'node:worker_threads';
import { createRealClock } from '../../../src/ports/index.ts';
import type { ServedService } from '../../../src/ports/index.ts';
import { FramePort } from '../../../src/transport/worker/frame-port.ts';
import { PortConnection } from '../../../src/transport/worker/port-connection.ts';
import { PortServer } from '../../../src/transport/worker/port-server.ts';

/** Both ends of a connection. */
export interface PortPair {
  readonly connection: PortConnection;
  readonly server: PortServer;
  /** The caller's end, and that of who serves. */
  readonly ports: readonly [FramePort, FramePort];
  close(): void;
}

/** Connects to services. */
export function connectOverPorts(services: readonly ServedService[], maxReceiveBytes?: number): PortPair {
  const clock = createRealClock();
  const { port1, port2 } = new MessageChannel();
  const near: FramePort = new FramePort(port1, {
    onFrame: (kind, call, body) => connection.onFrame(kind, call, body),
    onClosed: () => connection.lost(),
  });
  const far: FramePort = new FramePort(port2, {
    onFrame: (kind, call, body) => server.onFrame(kind, call, body),
    onClosed: () => server.close(),
  });
  const connection: PortConnection = new PortConnection(near, { clock, maxReceiveBytes });
  const server: PortServer = new PortServer(far, { services, clock, maxReceiveBytes });
  return {
    connection,
    server,
    ports: [near, far],
    close() {
      connection.close();
      near.close();
      far.close();
    },
  };
}
