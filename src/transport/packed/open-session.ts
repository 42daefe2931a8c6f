import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ChannelMaterial } from '../grpc/index.ts';
import { pinnedClient } from '../grpc/pinned-tls.ts';
import { checkUnixPath, splitAddress } from '../grpc/target.ts';
import type { GrpcTarget } from '../grpc/target.ts';

/** A connection, and the socket below it. */
export interface OpenSession {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
}

/**
 * An HTTP/2 connection of its own, with the checks of `createGrpcConnection`. It connects at once; whoever opens it
 * destroys session and socket. Throws when target or certificates are unusable.
 */
export function openSession(target: GrpcTarget, material: ChannelMaterial | undefined): OpenSession {
  const address = addressOf(target);
  const socket =
    material === undefined
      ? connectSocket(address)
      : // The name that certificates of go-plugin carry.
        connectTls({ ...address, ...pinnedClient(material), servername: 'localhost', ALPNProtocols: ['h2'] });
  const session = connectHttp2(material === undefined ? 'http://unused' : 'https://localhost', {
    createConnection: () => socket,
    settings: { enablePush: false },
    // There is one stream, whose own bounds hold; the limit would count it against itself.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  });
  return { session, socket };
}

function addressOf(target: GrpcTarget): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (target.network === 'unix') {
    checkUnixPath(target.path);
    return { path: target.path };
  }
  return { ...splitAddress(target.address) };
}
