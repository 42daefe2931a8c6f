import type { ChannelMaterial } from '../grpc/material.ts';
import type { Certificate } from './certificate.ts';

/**
 * What a connection or a server of one launch authenticates with: its own certificate, and the one of its peer as the
 * only authority. The same material serves both directions: go-plugin uses one pair of certificates for the main
 * connection and for brokered ones, whichever side listens.
 */
export function channelMaterial(
  own: Pick<Certificate, 'certificatePem' | 'privateKeyPem'>,
  peerCertificatePem: string,
): ChannelMaterial {
  return { ownCertificatePem: own.certificatePem, ownKeyPem: own.privateKeyPem, peerCertificatePem };
}
