import { stripVTControlCharacters } from 'node:util';

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Text of a plugin without what a terminal would obey. A plugin may print anything, and must not be able to move the
 * cursor of the person who looks at its last words.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, '?');
}
