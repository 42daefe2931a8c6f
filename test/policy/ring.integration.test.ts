import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const RING = new URL('../../src/policy/ring.ts', import.meta.url).href;

describe('the memory of a Ring', () => {
  it('lets go of every item that left it', async () => {
    const program = `
      import { Ring } from ${JSON.stringify(RING)};
      const ring = new Ring(64);
      const references = [];
      for (let i = 0; i < 40; i++) {
        const item = { i };
        references.push(new WeakRef(item));
        ring.push(item);
      }
      for (let i = 0; i < 10; i++) ring.shift();
      ring.dropFirst(10);
      // A weak reference holds its target until the turn ends.
      await new Promise((resolve) => setImmediate(resolve));
      gc();
      const left = references.filter((reference) => reference.deref() !== undefined).length;
      process.stdout.write(String(left) + ' ' + String(ring.size));
    `;

    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '-e',
      program,
    ]);

    expect(stdout).toBe('20 20');
  });
});
