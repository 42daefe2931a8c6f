import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ChannelMaterial } from '../grpc/index.ts';
import { pinnedClient } from '../grpc/pinned-tls.ts';
import { checkUnixPath, splitAddress } from '../grpc/target.ts';
import type { GrpcTarget } from '../grpc/target.ts';

/**
 * An HTTP/2 connection of its own, with the checks of `createGrpcConnection`. It connects at once; whoever opens it
 * destroys it. Throws when target or certificates are unusable.
 */
export function openSession(target: GrpcTarget, material: ChannelMaterial | undefined): ClientHttp2Session {
  const tls = material === undefined ? undefined : pinnedClient(material);
  const address = addressOf(target);
  const createConnection = (): Socket => {
    if (tls === undefined) return connectSocket(address);
    // The name that certificates of go-plugin carry.
    return connectTls({ ...address, ...tls, servername: 'localhost', ALPNProtocols: ['h2'] });
  };
  return connectHttp2(tls === undefined ? 'http://unused' : 'https://localhost', {
    createConnection,
    settings: { enablePush: false },
    // There is one stream, whose own bounds hold; the limit would count it against itself.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  });
}

function addressOf(target: GrpcTarget): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (target.network === 'unix') {
    checkUnixPath(target.path);
    return { path: target.path };
  }
  return { ...splitAddress(target.address) };
}
