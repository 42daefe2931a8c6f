import { isIP } from 'node:net';

/** Names of this machine that a request may be sent to. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether the field `Host` of a request names this machine. A page of the web that makes a browser ask a name of its own,
 * which leads here, is told apart by nothing else. Ports do not matter: they are others behind a tunnel.
 */
export function isAllowedHost(field: string | undefined, further: ReadonlySet<string>): boolean {
  if (field === undefined) return false;
  const name = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.exec(field)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return LOOPBACK.has(name) || further.has(name) || (name.startsWith('127.') && isIP(name) === 4);
}
