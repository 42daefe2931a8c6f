// Characters that JSON allows as they are, and terminals obey: the 8-bit controls, and those that turn the direction of writing.
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u007f-\u009f\p{Bidi_C}]/gu;

/** A value as one line of JSON that is safe to look at, whatever plugins have put into it. It reads back as it was. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
