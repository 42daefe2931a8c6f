import { stripVTControlCharacters } from 'node:util';

// Those that turn the direction of writing make a text look like another one.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Bidi_C}]/gu;

/**
 * Text of a plugin without what a terminal would obey. A plugin may print anything, and must not be able to move the
 * cursor of the person who looks at its last words.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, '?');
}

/** The same in one line, so that no part of it can look like a line of the host's own. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s*[\n\r\u0085\u2028\u2029]\s*/g, ' '));
}
