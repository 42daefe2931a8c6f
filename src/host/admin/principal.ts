import { RuntimeError } from '../../errors/index.ts';
import type { Principal } from '../../ports/lifecycle-store.ts';

/** The header field that says who wants a change. */
export const PRINCIPAL_FIELD = 'troupe-principal';

// Systems have names such as `CORP\\alice`, `svc$` and `o'neil`: whatever can be printed in a line is one.
const FORM = /^user:((?=\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_C}]{1,128})$/u;

/** The principal as it is written. */
export function principalText({ kind, label }: Principal): string {
  return `${kind}:${label}`;
}

/** The header field for a user. What a header cannot hold is escaped. */
export function principalField(user: string): string {
  return encodeURIComponent(principalText({ kind: 'user', label: user.toWellFormed() }));
}

/**
 * Who calls, by what the call says. Everybody who gets as far as this is the host's own user; the name tells people apart
 * who share it, and is believed. Nobody can pose as a plugin or as the host itself.
 *
 * @throws UNAUTHENTICATED
 */
export function principalOf(metadata: Readonly<Record<string, string>>): Principal {
  const label = FORM.exec(decoded(metadata[PRINCIPAL_FIELD] ?? ''))?.[1];
  if (label !== undefined) return { kind: 'user', label };
  throw new RuntimeError(
    'UNAUTHENTICATED',
    `the field ${PRINCIPAL_FIELD} must name who calls, as user:NAME in at most 128 characters`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not escaped as it must be: then it names nobody.
    return '';
  }
}
