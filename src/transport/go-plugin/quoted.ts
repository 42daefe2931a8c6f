// Text that a peer sent, made safe for error messages and terminals.

/** Most characters of a peer's text that a message repeats. */
export const MAX_QUOTED_CHARS = 200;

// Control characters move the cursor, format characters reorder what follows, lone surrogates break encoders. The
// quotation mark and the backslash are escaped so that the end of the quotation cannot be forged.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}"\\]/gu;

/**
 * The text in double quotes, with everything unprintable escaped, cut after `maxChars` UTF-16 units (default 200).
 *
 * A cut text ends in `"…`, outside of the quotation marks.
 */
export function quoted(text: string, maxChars: number = MAX_QUOTED_CHARS): string {
  const isCut = text.length > maxChars;
  const shown = (isCut ? text.slice(0, maxChars) : text).replace(UNSAFE, escaped);
  return `"${shown}"${isCut ? '…' : ''}`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}
