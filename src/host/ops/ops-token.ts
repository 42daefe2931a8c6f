import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether the fields of a request name the token: `authorization: Bearer TOKEN`, or `dev-token: TOKEN`. */
export function hasToken(headers: Readonly<Record<string, string>>, token: string): boolean {
  const bearer = /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  const given = bearer ?? headers['dev-token'];
  // An empty token is no token: a host that lost it must let nobody in.
  if (given === undefined || token === '') return false;
  // Digests have the same length whatever was given, which the comparison needs and which tells nothing.
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
