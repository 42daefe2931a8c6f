// DER with one of its elements changed and all lengths around it right again: it looks like a certificate much longer
// than one with a wrong byte.

import { fc } from '@fast-check/vitest';

/** An element: its tag, and either its bytes or the elements in it. */
interface Element {
  readonly tag: number;
  readonly content: Buffer | readonly Element[];
}

type Change = (element: Element) => readonly Element[];

/** One of the captures with one or two of its elements removed, doubled, emptied, or with another tag or content. */
export function editedDer(captures: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.constant(() => []),
    fc.constant((element: Element) => [element, element]),
    fc.nat(255).map((tag) => (element: Element) => [{ ...element, tag }]),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => ({ tag }: Element) => [{ tag, content: Buffer.from(bytes) }]),
    fc.constant(({ tag, content }: Element) => [{ tag, content: isBytes(content) ? content : content.toReversed() }]),
    fc.nat(2_000).map((size) => ({ tag }: Element) => [{ tag, content: Buffer.alloc(size, 1) }]),
  );
  const edits = fc.array(fc.tuple(fc.nat(200), change), { minLength: 1, maxLength: 2 });
  return fc
    .tuple(fc.constantFrom(...captures), edits)
    .map(([capture, changes]) =>
      encoded(changes.reduce((tree, [number, how]) => changed(tree, number, how), decoded(capture))),
    );
}

function isBytes(content: Element['content']): content is Buffer {
  return Buffer.isBuffer(content);
}

function decoded(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const extra = first < 0x80 ? 0 : first & 0x7f;
    const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
    const start = at + 2 + extra;
    const content = bytes.subarray(start, start + length);
    // Bit 6 of the tag says that there are elements inside.
    elements.push({ tag, content: (tag & 0x20) === 0 ? content : decoded(content) });
    at = start + length;
  }
  return elements;
}

function encoded(elements: readonly Element[]): Buffer {
  return Buffer.concat(
    elements.flatMap(({ tag, content }) => {
      const bytes = isBytes(content) ? content : encoded(content);
      const length = bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
      const short = bytes.length >= 0x80 && bytes.length < 0x100 ? [0x81, bytes.length] : length;
      return [Buffer.from([tag, ...short]), bytes];
    }),
  );
}

/** Changes the element with that number, counted from the outermost on, in the order of the bytes. */
function changed(elements: readonly Element[], number: number, how: Change): readonly Element[] {
  const wanted = number % Math.max(1, sizeOf(elements));
  let index = -1;
  const walk = (all: readonly Element[]): readonly Element[] =>
    all.flatMap((element) => {
      index += 1;
      if (index === wanted) {
        index += isBytes(element.content) ? 0 : sizeOf(element.content);
        return how(element);
      }
      return isBytes(element.content) ? [element] : [{ ...element, content: walk(element.content) }];
    });
  return walk(elements);
}

function sizeOf(elements: readonly Element[]): number {
  return elements.reduce((sum, { content }) => sum + 1 + (isBytes(content) ? 0 : sizeOf(content)), 0);
}
