import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const CLOCK = new URL('../../src/ports/real-clock.ts', import.meta.url).href;

describe('a process that only waits for a timer', () => {
  it.each([100_000, 2 ** 40])('ends at once when the timer of %i ms is unreferenced', async (delayMs) => {
    expect(await lifeOf(`clock.setTimeout(() => {}, ${delayMs}, { unref: true });`)).toBe('');
  });

  it('stays until the timer of 20 ms has fired', async () => {
    expect(await lifeOf(`clock.setTimeout(() => process.stdout.write('fired'), 20);`)).toBe('fired');
  });

  it('prints no warning for a delay above 2^31 ms', async () => {
    expect(await lifeOf('clock.clearTimeout(clock.setTimeout(() => {}, 2 ** 40));')).toBe('');
  });
});

// Helpers

/** What the process wrote before it ended by itself. */
async function lifeOf(body: string): Promise<string> {
  const program = `import { createRealClock } from ${JSON.stringify(CLOCK)}; const clock = createRealClock(); ${body}`;
  const options = { timeout: 10_000 };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    options,
  );
  return stdout + stderr;
}
