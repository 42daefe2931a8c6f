import { InvalidOptionsError } from '../../../errors/index.ts';

/** Where the host's listener is, and how requests prove that they may be made. */
export interface HostAddress {
  /** Base of all paths, without a slash at its end; may have a path of its own. */
  readonly base: string;
  readonly token: string | undefined;
}

/**
 * Reads what `--host` says: `http://` or `https://`, a host, maybe a port and a path.
 *
 * @throws InvalidOptionsError for everything else; user and password are not taken, as they would be printed
 */
export function parseHost(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InvalidOptionsError('host', 'must be an absolute address, such as http://127.0.0.1:7070');
  }
  const { protocol, hostname, username, password, search, hash, origin, pathname } = url;
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '') {
    // `localhost:8080` is an address of the protocol `localhost:`.
    throw new InvalidOptionsError('host', 'must begin with http:// or https://');
  }
  if (username !== '' || password !== '') throw new InvalidOptionsError('host', 'must not hold a user or a password');
  if (search !== '' || hash !== '') throw new InvalidOptionsError('host', 'must have neither a query nor a fragment');
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** Address of a path below the host's own. */
export function hostUrl({ base }: HostAddress, path: string, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${base}${path}${text === '' ? '' : `?${text}`}`;
}
