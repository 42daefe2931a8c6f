import { Readable } from 'node:stream';
import { fc } from '@fast-check/vitest';

/** A stream that gives the bytes in pieces and then ends. */
export function streamOf(bytes: Buffer, cuts: readonly number[]): Readable {
  const stream = new Readable({ read() {} });
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  for (let index = 1; index < at.length; index += 1) stream.push(bytes.subarray(at[index - 1], at[index]));
  stream.push(null);
  return stream;
}

/** Where the bytes of a stream are cut. */
export function cuts(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.nat(100_000), { maxLength: 4 });
}

/** How many listeners somebody has on a stream, those of Node itself aside. */
export function listenersOn(stream: Readable): number {
  return ['data', 'end', 'error', 'close', 'readable'].reduce((sum, event) => sum + stream.listenerCount(event), 0);
}
