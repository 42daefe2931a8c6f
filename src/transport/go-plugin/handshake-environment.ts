// The environment variables by which a host tells a plugin how to start.
//
// Invariants:
//   E1. The magic cookie is compared before anything else is looked at.
//   E2. No error text repeats the cookie's value.
//   E3. A host never sets `PLUGIN_MULTIPLEX_GRPC`, not even to "false": any value makes Go plugins print a seventh field.
//   E4. Odd values of a host never stop a plugin that does not need them; they are skipped and reported as `ignored`.

import { isAbsolute } from 'node:path';

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { MAX_APP_VERSION } from './handshake-line.ts';
import { quoted } from './quoted.ts';

/**
 * Every variable of go-plugin besides the magic cookie.
 *
 * A plugin that is itself a host removes them from its environment, or its own plugins would inherit the certificate
 * and the directory of the outer host.
 */
export const HANDSHAKE_VARIABLES = [
  'PLUGIN_PROTOCOL_VERSIONS',
  'PLUGIN_MIN_PORT',
  'PLUGIN_MAX_PORT',
  'PLUGIN_UNIX_SOCKET_DIR',
  'PLUGIN_UNIX_SOCKET_GROUP',
  'PLUGIN_CLIENT_CERT',
  'PLUGIN_MULTIPLEX_GRPC',
] as const;

/** Set to `tcp`, tells plugins made with our SDK what to listen on. Plugins in other languages do not know it. */
export const NETWORK_VARIABLE = 'TROUPE_PLUGIN_NETWORK';

/** A variable by which a program recognises that its host started it. A courtesy to users, no security. */
export interface MagicCookie {
  /** Name of the variable. */
  readonly cookieKey: string;
  /** What it must be set to. */
  readonly cookieValue: string;
}

/** What a host tells a plugin. */
export interface HandshakeEnvironmentOptions extends MagicCookie {
  /** Application versions that the host speaks; at least one. */
  readonly versions: readonly number[];
  /** Lowest tcp port for plugins that listen on tcp. Default 10000. */
  readonly minPort?: number | undefined;
  /** Highest tcp port. Default 25000. */
  readonly maxPort?: number | undefined;
  /** Absolute path of the directory for all sockets of the plugin. The host makes and removes it. */
  readonly socketDirectory: string;
  /** Name or id of the group that may use the sockets. Default: only the user. */
  readonly socketGroup?: string | undefined;
  /** The host's certificate. Set exactly when the connection uses mutual TLS. */
  readonly clientCertificatePem?: string | undefined;
}

/** What a plugin was told. */
export interface HandshakeRequest {
  /** Application versions of the host, without repetitions, in the host's order; may be empty. */
  readonly versions: readonly number[];
  /** Lowest tcp port; 0 = any. May exceed `maxPort`: whoever listens on tcp refuses that. */
  readonly minPort: number;
  /** Highest tcp port; 0 = any. */
  readonly maxPort: number;
  /** Directory for sockets. Undefined: the system's directory for temporary files. */
  readonly socketDirectory?: string;
  /** Name or id of the group that gets the sockets with mode 0660. */
  readonly socketGroup?: string;
  /** The host's certificate; set when the host asks for mutual TLS. Not checked yet. */
  readonly hostCertificatePem?: string;
  /** True when the handshake line must have its seventh field. */
  readonly multiplexAsked: boolean;
  /** What was skipped, one printable text each, for a warning. As bounded as the environment itself. */
  readonly ignored: readonly string[];
}

/** The variables for a plugin, magic cookie included. Throws `InvalidOptionsError`. */
export function handshakeEnvironment(options: HandshakeEnvironmentOptions): Record<string, string> {
  const { cookieKey, cookieValue, versions, minPort = 10_000, maxPort = 25_000, socketDirectory } = options;
  checkCookie(options);
  checkVersions(versions);
  checkPorts(minPort, maxPort);
  if (!isAbsolute(socketDirectory)) throw new InvalidOptionsError('socketDirectory', 'must be an absolute path');
  const { socketGroup = '', clientCertificatePem = '' } = options;
  const texts = { cookieValue, socketDirectory, socketGroup, clientCertificatePem };
  for (const [option, value] of Object.entries(texts)) {
    // The operating system ends a variable at the first zero byte; the plugin would see another value than was given.
    if (value.includes('\0')) throw new InvalidOptionsError(option, 'must not contain NUL');
  }
  return {
    [cookieKey]: cookieValue,
    PLUGIN_PROTOCOL_VERSIONS: versions.join(','),
    PLUGIN_MIN_PORT: String(minPort),
    PLUGIN_MAX_PORT: String(maxPort),
    PLUGIN_UNIX_SOCKET_DIR: socketDirectory,
    ...(socketGroup === '' ? {} : { PLUGIN_UNIX_SOCKET_GROUP: socketGroup }),
    ...(clientCertificatePem === '' ? {} : { PLUGIN_CLIENT_CERT: clientCertificatePem }),
  };
}

/**
 * What the host asks of this plugin.
 *
 * Throws `MAGIC_COOKIE_MISMATCH` when no host started this program, `InvalidOptionsError` when the plugin's own cookie
 * has an empty key or value.
 */
export function readHandshakeEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  cookie: MagicCookie,
): HandshakeRequest {
  checkCookie(cookie);
  if (env[cookie.cookieKey] !== cookie.cookieValue) throw startedByHand(cookie.cookieKey); // E1
  const ignored: string[] = [];
  const { PLUGIN_UNIX_SOCKET_DIR = '', PLUGIN_UNIX_SOCKET_GROUP = '', PLUGIN_CLIENT_CERT = '' } = env;
  return {
    versions: versionsOf(env['PLUGIN_PROTOCOL_VERSIONS'] ?? '', ignored),
    minPort: portOf(env, 'PLUGIN_MIN_PORT', ignored),
    maxPort: portOf(env, 'PLUGIN_MAX_PORT', ignored),
    ...(PLUGIN_UNIX_SOCKET_DIR === '' ? {} : { socketDirectory: PLUGIN_UNIX_SOCKET_DIR }),
    ...(PLUGIN_UNIX_SOCKET_GROUP === '' ? {} : { socketGroup: PLUGIN_UNIX_SOCKET_GROUP }),
    ...(PLUGIN_CLIENT_CERT === '' ? {} : { hostCertificatePem: PLUGIN_CLIENT_CERT }),
    multiplexAsked: (env['PLUGIN_MULTIPLEX_GRPC'] ?? '') !== '',
    ignored,
  };
}

function startedByHand(cookieKey: string): RuntimeError {
  const why = `the environment variable ${quoted(cookieKey)} does not have the value that its host sets`;
  return new RuntimeError(
    'MAGIC_COOKIE_MISMATCH',
    `this program is a plugin and is started by a host, not by hand: ${why}`,
  );
}

function checkCookie({ cookieKey, cookieValue }: MagicCookie): void {
  if (cookieKey === '') throw new InvalidOptionsError('cookieKey', 'must not be empty');
  if (cookieValue === '') throw new InvalidOptionsError('cookieValue', 'must not be empty');
  if (/[=\0]/.test(cookieKey)) throw new InvalidOptionsError('cookieKey', 'must not contain "=" or NUL');
  const taken: readonly string[] = HANDSHAKE_VARIABLES;
  if (taken.includes(cookieKey)) throw new InvalidOptionsError('cookieKey', 'must not be a variable of go-plugin');
}

function checkVersions(versions: readonly number[]): void {
  if (versions.length === 0) throw new InvalidOptionsError('versions', 'must name at least one version');
  const isVersion = (version: number): boolean =>
    Number.isSafeInteger(version) && version >= 0 && version <= MAX_APP_VERSION;
  if (!versions.every(isVersion)) {
    throw new InvalidOptionsError('versions', `must be integers from 0 to ${MAX_APP_VERSION}`);
  }
}

function checkPorts(minPort: number, maxPort: number): void {
  const isPort = (port: number): boolean => Number.isSafeInteger(port) && port >= 0 && port <= 65_535;
  if (!isPort(minPort)) throw new InvalidOptionsError('minPort', 'must be an integer from 0 to 65535');
  if (!isPort(maxPort)) throw new InvalidOptionsError('maxPort', 'must be an integer from 0 to 65535');
  if (minPort > maxPort) throw new InvalidOptionsError('minPort', 'must not exceed maxPort');
}

function versionsOf(text: string, ignored: string[]): readonly number[] {
  if (text.trim() === '') return [];
  const versions = new Set<number>();
  for (const item of text.split(',')) {
    const version = wholeNumber(item.trim(), MAX_APP_VERSION);
    if (version === undefined) ignored.push(`PLUGIN_PROTOCOL_VERSIONS names ${quoted(item)}, which is no version`);
    else versions.add(version);
  }
  return [...versions];
}

function portOf(
  env: Readonly<Record<string, string | undefined>>,
  name: 'PLUGIN_MIN_PORT' | 'PLUGIN_MAX_PORT',
  ignored: string[],
): number {
  const text = env[name]?.trim() ?? '';
  if (text === '') return 0;
  const port = wholeNumber(text, 65_535);
  if (port === undefined) ignored.push(`${name} is ${quoted(text)}, which is no port`);
  return port ?? 0; // E4
}

function wholeNumber(text: string, highest: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= highest ? value : undefined;
}
