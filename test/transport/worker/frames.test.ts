import { describe, expect, it } from 'vitest';
import { decodeOpening, encodeOpening, FRAME, FrameBatch, readFrames } from '../../../src/transport/worker/frames.ts';

describe('FrameBatch and readFrames', () => {
  it('carry 3 frames in order, one of them empty', () => {
    const batch = new FrameBatch();
    batch.add(FRAME.open, 1, Buffer.from('one'));
    batch.add(FRAME.cancel, 2);
    batch.add(FRAME.answer, 0xffff_ffff, Buffer.from('three'));

    expect(framesIn(batch.take())).toEqual([
      [FRAME.open, 1, 'one'],
      [FRAME.cancel, 2, ''],
      [FRAME.answer, 0xffff_ffff, 'three'],
    ]);
    expect(batch.bytes).toBe(0);
  });

  it.each([1, 8, 12])('refuse a piece that was cut after %i bytes', (length) => {
    const batch = new FrameBatch();
    batch.add(FRAME.open, 1, Buffer.from('12345'));

    expect(() => framesIn(batch.take().slice(0, length))).toThrow('frames that cannot be read');
  });
});

describe('encodeOpening and decodeOpening', () => {
  it.each([
    ['a request and metadata', { request: Buffer.from('x'), metadata: { 'x-cause': 'ü' }, wantsAcceptance: false }],
    ['a stream of requests', { request: undefined, metadata: {}, wantsAcceptance: true }],
    ['an empty request', { request: Buffer.alloc(0), metadata: {}, wantsAcceptance: false }],
  ])('carry %s', (_what, rest) => {
    const opening = { path: '/a.B/C', ...rest };

    expect(decodeOpening(encodeOpening(opening))).toEqual(opening);
  });
});

// Helpers

function framesIn(piece: ArrayBuffer): unknown[] {
  const frames: unknown[] = [];
  readFrames(piece, (kind, call, body) => frames.push([kind, call, body.toString()]));
  return frames;
}
