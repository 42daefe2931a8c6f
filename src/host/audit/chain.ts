// The chain of the audit: each entry of a plugin has a link that only somebody with the key can make, from the link before
// it and the entry itself.
//
// Invariants:
//   C1. link = HMAC-SHA256(key, "troupe.audit.entry/1" LF, the link before or nothing, LF, the entry as canonical JSON).
//   C2. The entry is everything that is known about it but its link: also its plugin and its sequence, so that no entry
//       can stand in another place.
//   C3. What is made with the key for another purpose begins with another line, and is never a link.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { RuntimeError } from '../../errors/index.ts';
import type { AuditEntry } from '../../ports/lifecycle-store.ts';
import { canonicalJson } from './canonical-json.ts';

/** Fewest bytes of a key. */
const SHORTEST_AUDIT_KEY = 32;

/** The link of an entry (C1). `before` is the link of the entry before it; undefined for the first of a plugin. */
export function linkOf(key: Uint8Array, before: string | undefined, entry: AuditEntry): string {
  const { plugin, sequence, at, commitId, event, principal, severity, data } = entry;
  const text = canonicalJson({ plugin, sequence, at, commitId, event, principal, severity, data });
  return authenticated(key, 'troupe.audit.entry/1', `${before ?? ''}\n${text}`);
}

/** HMAC-SHA256 over a purpose and a text (C3), as 64 hexadecimal digits. */
export function authenticated(key: Uint8Array, purpose: string, text: string): string {
  return createHmac('sha256', key).update(`${purpose}\n`).update(text).digest('hex');
}

/** Whether two links are the same; takes as long for every wrong one. */
export function isSameLink(one: string | undefined, other: string): boolean {
  if (one === undefined || one.length !== other.length) return false;
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/**
 * The key as bytes, from bytes or from an even number of hexadecimal digits; white space around those is ignored.
 *
 * @throws AUDIT_KEY_INVALID for a key of less than 32 bytes, a text that is no such number, or something else
 */
export function requireAuditKey(key: Uint8Array | string): Uint8Array {
  const bytes = typeof key === 'string' ? fromHex(key.trim()) : key;
  if (bytes !== undefined && !(bytes instanceof Uint8Array)) {
    throw new RuntimeError('AUDIT_KEY_INVALID', 'the key of the audit is neither bytes nor a text');
  }
  if (bytes === undefined) throw new RuntimeError('AUDIT_KEY_INVALID', 'the key of the audit is no hexadecimal text');
  if (bytes.byteLength >= SHORTEST_AUDIT_KEY) return bytes;
  const text = `the key of the audit has ${bytes.byteLength} bytes, fewer than ${SHORTEST_AUDIT_KEY}`;
  throw new RuntimeError('AUDIT_KEY_INVALID', text);
}

function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}
