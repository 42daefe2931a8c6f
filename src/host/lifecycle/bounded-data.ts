// What is written down is bounded: a store refuses entries that are too long, and what is refused would not be done.
//
// Invariants:
//   B1. The data of an entry fits into a store, whatever a plugin or its manifest says.
//   B2. What is short is kept as it is. Of a long list the number and the head are kept, of a long text the beginning.
//   B3. A text is one that every store can hold: half a character, or the character 0, is replaced.

/** Most characters of a failure's message. */
export const LONGEST_MESSAGE = 4_096;
/** Most characters of the data of an entry, as JSON: below what stores take. */
const LONGEST_DATA = 60_000;

/** Characters of a text, and items of a list or an object; each step is tried when the one before it is too long. */
const STEPS = [
  { text: LONGEST_MESSAGE, items: 256 },
  { text: 1_024, items: 64 },
  { text: 256, items: 16 },
  { text: 64, items: 8 },
] as const;

const DEEPEST = 6;

type Step = (typeof STEPS)[number];

/** The text, or its beginning. B3. */
export function boundedText(text: string, most: number = LONGEST_MESSAGE): string {
  // A cut may part two halves of one character.
  const shown = (text.length <= most ? text : `${text.slice(0, most - 1)}…`).toWellFormed();
  return shown.replaceAll('\0', '\uFFFD');
}

/** The same failure, with a message that can be stored. */
export function boundedFailure<T extends { readonly message: string } | undefined>(failure: T): T {
  return failure === undefined ? failure : { ...failure, message: boundedText(failure.message) };
}

/** B1, B2. */
export function boundedData(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const step of STEPS) {
    const bounded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, boundedValue(value, step, 0)]));
    if (JSON.stringify(bounded).length <= LONGEST_DATA) return bounded;
  }
  return { isLeftOut: true };
}

function boundedValue(value: unknown, step: Step, depth: number): unknown {
  if (typeof value === 'string') return boundedText(value, step.text);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  const inner = (one: unknown): unknown => boundedValue(one, step, depth + 1);
  if (!Array.isArray(value)) {
    const entries = Object.entries(value).slice(0, step.items);
    return Object.fromEntries(entries.map(([key, one]) => [key, inner(one)]));
  }
  const items: readonly unknown[] = value;
  const head = items.slice(0, step.items).map(inner);
  return items.length <= step.items ? head : { count: items.length, head };
}
