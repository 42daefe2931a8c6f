// Which addresses a peer may announce, in the handshake line and through the broker.
//
// Invariants:
//   A1. An accepted unix address is an absolute path that fits into the operating system's socket address.
//   A2. An accepted tcp address is a literal IP address with a port: no name is ever looked up for a peer.
//   A3. Unless `allowRemote` is set, an accepted tcp address stays on this machine: a plugin must not be able to make
//       its host connect to somebody else.
//   A4. No accepted address can break out of its field of the handshake line.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** The kinds of sockets that go-plugin knows. */
export type ListenNetwork = 'unix' | 'tcp';

/** What is asked of an address. */
export interface AddressRules {
  /** Accepts tcp addresses of other machines. Default false. */
  readonly allowRemote?: boolean | undefined;
  /** Longest path of a unix socket, in bytes. Default: what this operating system allows. */
  readonly maxUnixPathBytes?: number | undefined;
}

/** Longest path of a unix socket, in bytes: `sun_path` without its terminating zero. */
export const MAX_UNIX_PATH_BYTES: number = process.platform === 'darwin' ? 103 : 107;

/**
 * What is wrong with an address, as the end of a sentence ("is not an absolute path"); undefined when nothing is.
 *
 * The text names no part of the address, so that the caller decides how much of it to quote.
 */
export function addressProblem(network: ListenNetwork, address: string, rules: AddressRules = {}): string | undefined {
  // The separators of lines and paragraphs end the names that grpc-js reads.
  if (/[|\r\n\0\u2028\u2029]/.test(address)) return 'contains a character that an address cannot have';
  // Half a surrogate pair is written as a replacement character, that is, as the name of another file.
  if (!address.isWellFormed()) return 'is not valid text';
  return network === 'unix' ? pathProblem(address, rules) : socketAddressProblem(address, rules);
}

function pathProblem(path: string, { maxUnixPathBytes = MAX_UNIX_PATH_BYTES }: AddressRules): string | undefined {
  if (!path.startsWith('/')) return 'is not an absolute path';
  const bytes = Buffer.byteLength(path);
  return bytes > maxUnixPathBytes
    ? `has ${bytes} bytes, a unix socket's path has at most ${maxUnixPathBytes}`
    : undefined;
}

function socketAddressProblem(address: string, { allowRemote = false }: AddressRules): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(address);
  if (match === null) return 'is not of the form ip:port or [ip]:port';
  const [, v6, v4 = '', port] = match;
  if (Number(port) > 65535) return 'has a port above 65535';
  if (v6 === undefined ? !isIPv4(v4) : !isIPv6(v6)) return 'has no valid IP address';
  if (allowRemote) return undefined;
  return (v6 === undefined ? v4.startsWith('127.') : isLoopbackV6(v6)) ? undefined : 'is not a loopback address';
}

/** `::1` has many spellings; node's own comparison knows them all. IPv4-mapped addresses do not count. */
function isLoopbackV6(address: string): boolean {
  const loopback = new BlockList();
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(address, 'ipv6');
}
