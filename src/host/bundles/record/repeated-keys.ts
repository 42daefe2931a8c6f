/**
 * Whether a JSON text names a key twice within an object: of the two some readers take the first, and others the last.
 * `objects` are all those that were read from it, each with all of its keys.
 */
export function hasRepeatedKeys(text: string, objects: readonly object[]): boolean {
  return keysIn(text) !== objects.reduce((sum, object) => sum + Object.keys(object).length, 0);
}

/** A colon stands outside of strings only behind a key. */
function keysIn(text: string): number {
  let count = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') isInString = !isInString;
    // What comes behind it is no end of the string.
    else if (isInString && sign === '\\') at += 1;
    else if (!isInString && sign === ':') count += 1;
  }
  return count;
}
