import { isIP } from 'node:net';
import { RuntimeError } from '../../errors/index.ts';
import { MAX_UNIX_PATH_BYTES } from '../go-plugin/listen-address.ts';

/** Where a peer listens. */
export type GrpcTarget =
  | { readonly network: 'unix'; readonly path: string }
  | { readonly network: 'tcp' /** `host:port`. */; readonly address: string };

/** Where a server listens, in the words of the handshake line and of the broker. */
export interface BoundAddress {
  readonly network: 'unix' | 'tcp';
  /** Socket path, or `ip:port`. */
  readonly address: string;
}

/** The target for a network and an address as peers announce them. Throws `NETWORK_UNSUPPORTED`, `ADDRESS_INVALID`. */
export function targetOf(network: string, address: string): GrpcTarget {
  if (network === 'unix') return { network, path: address };
  if (network === 'tcp') return { network, address };
  throw new RuntimeError('NETWORK_UNSUPPORTED', `network "${network}" is neither unix nor tcp`);
}

/** The target as a name that grpc-js resolves. Throws `ADDRESS_INVALID` or `SOCKET_PATH_TOO_LONG`. */
export function grpcName(target: GrpcTarget): string {
  if (target.network === 'unix') {
    if (target.path === '') throw new RuntimeError('ADDRESS_INVALID', 'the path of the unix socket is empty');
    checkUnixPath(target.path);
    // With slashes in front, or else the first part of a path such as `//a/b` is taken for the name of a machine.
    return target.path.startsWith('/') ? `unix://${target.path}` : `unix:${target.path}`;
  }
  const { host, port } = splitAddress(target.address);
  switch (isIP(host)) {
    case 4:
      return `ipv4:${host}:${port}`;
    case 6:
      return `ipv6:[${host}]:${port}`;
    default:
      return `dns:${host}:${port}`;
  }
}

/** Throws `SOCKET_PATH_TOO_LONG` when the operating system has no room for the path. */
export function checkUnixPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= MAX_UNIX_PATH_BYTES) return;
  throw new RuntimeError(
    'SOCKET_PATH_TOO_LONG',
    `socket path of ${length} bytes exceeds the ${MAX_UNIX_PATH_BYTES} bytes of this system: ${path}`,
  );
}

/** Host and port of a tcp address. Throws `ADDRESS_INVALID`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RuntimeError('ADDRESS_INVALID', `address "${address}" is not host:port`);
  }
  return { host, port };
}
