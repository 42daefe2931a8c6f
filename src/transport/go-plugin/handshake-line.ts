// The one line that a plugin prints: where it listens and how to talk to it.
//
//     CORE|APP|NETWORK|ADDRESS|PROTOCOL|CERTIFICATE[|MULTIPLEX]
//
// Invariants:
//   H1. What `parseHandshakeLine` throws is always a `HandshakeError` whose code names the offending part.
//   H2. With `requireCertificate` no line without a readable certificate passes: a host with mutual TLS fails closed.
//       Without it no tcp address passes: other users of the machine could call the plugin.
//   H3. The certificate is base64 without padding: Go refuses a trailing `=`. Padding of others is tolerated.
//   H4. The seventh field is written only when asked for: go-plugin before 1.6 would take it for part of the certificate.
//   H5. What is refused as unsupported names its field by number and, in `details`, by name.
//   H6. A message quotes at most 200 characters of the line, with control characters escaped.

import { HandshakeError, InvalidOptionsError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { certificateFromBase64 } from './certificate.ts';
import { addressProblem } from './listen-address.ts';
import type { ListenNetwork } from './listen-address.ts';
import { quoted } from './quoted.ts';

/** Longest handshake line, in bytes, newline included. Go's line scanner gives up beyond it. */
export const MAX_HANDSHAKE_LINE_BYTES = 65_536;

/** Highest application version that the line can carry. */
export const MAX_APP_VERSION = 2_147_483_647;

/** What the handshake line says. */
export interface HandshakeLine {
  /** Version of go-plugin's own protocol; there is only one. */
  readonly coreVersion: 1;
  /** Version of the application protocol that the plugin chose, 0 to 2147483647. */
  readonly appVersion: number;
  readonly network: ListenNetwork;
  /** Path of the socket for `unix`, `ip:port` or `[ip]:port` for `tcp`. */
  readonly address: string;
  /** Go's other protocol, net/rpc, is not supported. */
  readonly protocol: 'grpc';
  /** DER of the plugin's certificate; set exactly when the connection uses mutual TLS. */
  readonly certificate?: Buffer | undefined;
  /** Whether the plugin multiplexes brokered connections; set only by plugins that were asked. */
  readonly multiplex?: boolean | undefined;
}

/** What a host accepts. */
export interface HandshakeExpectations {
  /** Application versions that the host speaks. */
  readonly versions: readonly number[];
  /** True when the host uses mutual TLS; then a certificate is required, otherwise it is refused. */
  readonly requireCertificate: boolean;
  /** Accepts tcp addresses of other machines. Default false: loopback only. */
  readonly allowRemote?: boolean | undefined;
}

/**
 * The handshake line of a plugin, newline included.
 *
 * Throws `ADDRESS_INVALID` for an address that cannot stand in the line, `InvalidOptionsError` for an impossible
 * version. Whether a tcp address is local is not checked here; that is the host's decision.
 */
export function formatHandshakeLine(line: HandshakeLine): string {
  const { coreVersion, appVersion, network, address, protocol, certificate, multiplex } = line;
  if (!Number.isSafeInteger(appVersion) || appVersion < 0 || appVersion > MAX_APP_VERSION) {
    throw new InvalidOptionsError('appVersion', `must be an integer from 0 to ${MAX_APP_VERSION}`);
  }
  const problem = addressProblem(network, address, { allowRemote: true });
  if (problem !== undefined) throw refusal('ADDRESS_INVALID', `the ${network} address ${quoted(address)} ${problem}`);
  const encoded = certificate?.toString('base64').replace(/=+$/, '') ?? ''; // H3
  const fields = [coreVersion, appVersion, network, address, protocol, encoded];
  const text = `${fields.join('|')}${multiplex === undefined ? '' : `|${multiplex}`}\n`; // H4
  requireLength(text);
  return text;
}

/**
 * Reads the first line of a plugin's output. Surrounding white space is ignored.
 *
 * Throws a `HandshakeError`; its code is one of `HANDSHAKE_EMPTY_LINE`, `HANDSHAKE_LINE_TOO_LONG`,
 * `HANDSHAKE_MALFORMED`, `CORE_VERSION_UNSUPPORTED`, `APP_VERSION_UNSUPPORTED`, `NETWORK_UNSUPPORTED`,
 * `ADDRESS_INVALID`, `PROTOCOL_UNSUPPORTED`, `MULTIPLEX_UNSUPPORTED`, `CERTIFICATE_MISSING`, `CERTIFICATE_MALFORMED`
 * and `CERTIFICATE_UNEXPECTED`. The fields are checked from left to right, the certificate last.
 */
export function parseHandshakeLine(text: string, expectations: HandshakeExpectations): HandshakeLine {
  requireLength(text);
  const line = text.trim();
  const fields = split(line);
  const appVersion = versionsOf(fields, line, expectations);
  const network = networkOf(fields[2] ?? '');
  const address = addressOf(network, fields[3] ?? '', expectations);
  requireGrpc(fields[4]);
  const multiplex = multiplexOf(fields[6] ?? '', line);
  const certificate = certificateOf(fields[5] ?? '', network, expectations);
  return {
    coreVersion: 1,
    appVersion,
    network,
    address,
    protocol: 'grpc',
    ...(certificate === undefined ? {} : { certificate }),
    ...(multiplex === undefined ? {} : { multiplex }),
  };
}

function refusal(code: Code, message: string, details: Record<string, unknown> = {}): HandshakeError {
  return new HandshakeError(code, message, { details });
}

function malformed(line: string, why: string): HandshakeError {
  return refusal('HANDSHAKE_MALFORMED', `the plugin's first output line ${quoted(line)} is no handshake line: ${why}`);
}

function requireLength(text: string): void {
  // A UTF-16 unit is at least one byte, so that the second test never walks through more than is allowed.
  if (text.length > MAX_HANDSHAKE_LINE_BYTES || Buffer.byteLength(text) > MAX_HANDSHAKE_LINE_BYTES) {
    const limit = `is longer than ${MAX_HANDSHAKE_LINE_BYTES} bytes`;
    throw refusal('HANDSHAKE_LINE_TOO_LONG', `the handshake line ${quoted(text)} ${limit}`);
  }
}

function split(line: string): readonly string[] {
  if (line === '') throw refusal('HANDSHAKE_EMPTY_LINE', `the plugin's first output line is empty`);
  if (/[\r\n]/.test(line)) throw malformed(line, 'it has more than one line');
  const fields = line.split('|', 8);
  if (fields.length < 4) throw malformed(line, `it has ${fields.length} of at least 4 fields`);
  if (fields.length > 7) throw malformed(line, 'it has more than 7 fields');
  return fields;
}

function versionsOf(fields: readonly string[], line: string, { versions }: HandshakeExpectations): number {
  const [core = '', app = ''] = fields;
  if (!/^\d{1,10}$/.test(core)) throw malformed(line, 'the core version is not a number');
  if (Number(core) !== 1) {
    throw refusal('CORE_VERSION_UNSUPPORTED', `the plugin speaks core protocol version ${Number(core)}, the host 1`);
  }
  if (!/^\d{1,10}$/.test(app)) throw malformed(line, 'the application version is not a number');
  return requireKnownVersion(Number(app), versions);
}

/** Throws `HandshakeError` when the host does not speak the version of the application protocol. */
export function requireKnownVersion(appVersion: number, versions: readonly number[]): number {
  if (versions.includes(appVersion)) return appVersion;
  const text = `the plugin speaks application protocol version ${appVersion}, the host ${versions.join(', ')}`;
  throw refusal('APP_VERSION_UNSUPPORTED', text, { pluginVersion: appVersion, hostVersions: versions });
}

function networkOf(network: string): ListenNetwork {
  if (network === 'unix' || network === 'tcp') return network;
  const what = `the plugin announces network ${quoted(network)} (field 3 of its handshake line)`;
  throw refusal('NETWORK_UNSUPPORTED', `${what}, the host dials only "unix" and "tcp"`, { field: 'network' });
}

function addressOf(network: ListenNetwork, address: string, { allowRemote }: HandshakeExpectations): string {
  const problem = addressProblem(network, address, { allowRemote });
  if (problem === undefined) return address;
  throw refusal('ADDRESS_INVALID', `the plugin's ${network} address ${quoted(address)} ${problem}`);
}

/** Plugins older than the protocol field speak net/rpc. */
function requireGrpc(protocol: string | undefined): void {
  if (protocol === 'grpc') return;
  const name = protocol === undefined ? 'no protocol, which means "netrpc"' : `protocol ${quoted(protocol)}`;
  const what = `the plugin announces ${name} (field 5 of its handshake line)`;
  throw refusal('PROTOCOL_UNSUPPORTED', `${what}, the host speaks only "grpc"`, { field: 'protocol' });
}

/** The spellings are those of Go's `strconv.ParseBool`. */
function multiplexOf(field: string, line: string): false | undefined {
  if (field === '') return undefined;
  if (/^(?:0|f|F|false|False|FALSE)$/.test(field)) return false;
  if (!/^(?:1|t|T|true|True|TRUE)$/.test(field)) throw malformed(line, 'the seventh field is not a boolean');
  const what = `the plugin announces multiplex ${quoted(field)} (field 7 of its handshake line)`;
  const why = 'it multiplexes brokered connections over one socket, which the host cannot do';
  throw refusal('MULTIPLEX_UNSUPPORTED', `${what}: ${why}`, { field: 'multiplex' });
}

function certificateOf(
  field: string,
  network: ListenNetwork,
  { requireCertificate }: HandshakeExpectations,
): Buffer | undefined {
  if (requireCertificate) {
    if (field === '') throw refusal('CERTIFICATE_MISSING', 'mutual TLS is on and the plugin announced no certificate');
    return certificateFromBase64(field).der; // H2
  }
  if (field !== '') {
    throw refusal('CERTIFICATE_UNEXPECTED', 'the plugin announced a certificate and the host runs without TLS');
  }
  if (network === 'unix') return undefined;
  const what = `the plugin announces network "${network}" (field 3 of its handshake line)`;
  throw refusal('CERTIFICATE_MISSING', `${what}: tcp needs mutual TLS, the host runs without TLS`, {
    field: 'network',
  });
}
