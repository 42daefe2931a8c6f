// Mutual TLS between two peers that know each other's certificate beforehand.
//
// Invariants:
//   L1. The peer's certificate is the expected one, byte for byte. That it is trusted as an authority as well, as Go peers
//       do and OpenSSL asks for, is not enough: whoever holds its key could sign others.
//   L2. Nothing above TLS hears of a peer before that.

import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { checkServerIdentity, createSecureContext, createServer } from 'node:tls';
import type { PeerCertificate, SecureContext } from 'node:tls';
import { RuntimeError } from '../../errors/index.ts';
import type { ChannelMaterial } from './material.ts';

/** What a client checks: the context with both certificates, and the peer's identity. */
export interface PinnedClient {
  readonly secureContext: SecureContext;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** The client's side, for grpc-js. Throws `CERTIFICATE_MALFORMED`. */
export function pinnedChannelCredentials(material: ChannelMaterial): ChannelCredentials {
  const { secureContext, checkServerIdentity: check } = pinnedClient(material);
  return credentials.createFromSecureContext(secureContext, { checkServerIdentity: check });
}

/** The client's side. Throws `CERTIFICATE_MALFORMED`. */
export function pinnedClient(material: ChannelMaterial): PinnedClient {
  try {
    const expected = new X509Certificate(material.peerCertificatePem).raw;
    return {
      secureContext: createSecureContext(tlsOptions(material)),
      checkServerIdentity: (host, certificate) =>
        checkServerIdentity(host, certificate) ??
        (certificate.raw.equals(expected)
          ? undefined
          : new RuntimeError('CONNECT_FAILED', "the peer's certificate is not the one that was announced")),
    };
  } catch (cause) {
    throw new RuntimeError('CERTIFICATE_MALFORMED', 'certificate or key for mutual TLS cannot be used', { cause });
  }
}

/**
 * The server's side: takes sockets, and hands them on encrypted once the client has proved who it is. Others are
 * destroyed. grpc-js could do this by itself, but for L1.
 */
export function pinnedAcceptor(
  material: ChannelMaterial,
  onAccepted: (socket: Socket) => void,
): (socket: Socket) => void {
  const expected = new X509Certificate(material.peerCertificatePem).raw;
  const options = { requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] };
  const server = createServer({ ...tlsOptions(material), ...options }, (socket) => {
    // A connection that breaks is told by its closing.
    socket.on('error', () => {});
    const { raw } = socket.getPeerCertificate();
    if (Buffer.isBuffer(raw) && raw.equals(expected)) onAccepted(socket);
    else socket.destroy();
  });
  // It never listens itself.
  return (socket) => void server.emit('connection', socket);
}

function tlsOptions({ ownCertificatePem, ownKeyPem, peerCertificatePem }: ChannelMaterial) {
  return { ca: peerCertificatePem, cert: ownCertificatePem, key: ownKeyPem, minVersion: 'TLSv1.2' } as const;
}
