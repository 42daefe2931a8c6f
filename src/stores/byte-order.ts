/** Orders texts by their bytes in UTF-8, as the databases do. `<` of JavaScript goes by UTF-16 and differs above U+FFFF. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
