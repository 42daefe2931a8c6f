// Which environment variables a plugin inherits. Nothing is inherited unless it is listed: the host's environment
// holds database passwords and tokens, and a plugin gets a secret only by being given it.
//
// Invariants:
//   E1. A variable whose name starts with `PLUGIN_` is never inherited, not even when it is listed by name. Those
//       carry go-plugin's handshake; a host that is itself a plugin would hand its own certificate and version list
//       down to its plugins.

const HANDSHAKE_PREFIX = 'PLUGIN_';

/** Variables that a plugin inherits by default. None of them is a secret, and common programs break without them. */
export const DEFAULT_ENVIRONMENT_NAMES: readonly string[] = Object.freeze([
  'PATH', // finds the programs that the plugin starts
  'HOME', // finds the user's configuration and caches
  'USER', // who runs this; read by tools in place of a look-up in the user database
  'LOGNAME', // the same, under the name that POSIX gives it
  'SHELL', // tools that open a shell take this one
  'LANG', // language and encoding of output
  'LANGUAGE', // preferred languages for gettext, where it differs from LANG
  'LC_*', // single parts of the locale: sorting, numbers, dates
  'TZ', // the time zone, so that the host and the plugin print the same times
  'TERM', // what the terminal can do; without it some programs refuse to start
  'TMPDIR', // where temporary files go on POSIX systems
  'TEMP', // the same on Windows
  'TMP', // the same on Windows, read by other programs
  'SystemRoot', // Windows: sockets and cryptography do not load without it
  'SSL_CERT_FILE', // a site's own certificate authorities, for OpenSSL and Go
  'SSL_CERT_DIR', // the same, as a folder
  'NODE_EXTRA_CA_CERTS', // the same, for Node.js
]);

/**
 * Picks variables by name. A name that ends with `*` picks every variable that starts with what stands before it.
 * What is not set is left out, and so is everything that starts with `PLUGIN_` (E1).
 */
export function selectEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const picked = new Map<string, string>();
  for (const name of names) {
    const candidates = name.endsWith('*') ? namesThatStartWith(source, name.slice(0, -1)) : [name];
    for (const candidate of candidates) {
      // A variable may be called like a method of Object, `constructor` for one.
      const value = Object.hasOwn(source, candidate) ? source[candidate] : undefined;
      if (value !== undefined && !candidate.startsWith(HANDSHAKE_PREFIX)) picked.set(candidate, value);
    }
  }
  return Object.fromEntries(picked);
}

function namesThatStartWith(source: object, prefix: string): string[] {
  return Object.keys(source).filter((name) => name.startsWith(prefix));
}
