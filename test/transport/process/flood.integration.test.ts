import { describe, expect, it } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import type { LineReaderOptions } from '../../../src/transport/process/index.ts';
import { createTail, readLines } from '../../../src/transport/process/index.ts';
import { launcherForTest } from './support.ts';

const FLOOD_BYTES = 64 * 1024 * 1024;

describe('a process that writes 64 MiB at once', () => {
  it('is drained to its end when all lines are read', async () => {
    const seen = await drain('yes 0123456789abcde', {});

    expect(seen.lines).toBe(FLOOD_BYTES / 16);
    expect(seen.grownBytes).toBeLessThan(FLOOD_BYTES);
  });

  it('is drained to its end when lines above 1000 a second are dropped, and all are counted', async () => {
    const seen = await drain('yes 0123456789abcde', { maxLinesPerSecond: 1_000 });

    expect(seen.lines + seen.droppedLines).toBe(FLOOD_BYTES / 16);
    expect(seen.lines).toBeLessThan(100_000);
    expect(seen.grownBytes).toBeLessThan(FLOOD_BYTES);
  });

  it('is drained to its end when it writes no line feed, as one truncated line', async () => {
    const seen = await drain('cat /dev/zero', { maxLineBytes: 1_000 });

    expect(seen).toMatchObject({ lines: 1, truncated: 1 });
    expect(seen.grownBytes).toBeLessThan(FLOOD_BYTES);
  });
});

// Helpers

interface Drained {
  lines: number;
  truncated: number;
  droppedLines: number;
  /** How far the memory went above its start. */
  grownBytes: number;
}

async function drain(command: string, limits: Partial<LineReaderOptions>): Promise<Drained> {
  const { launch } = launcherForTest();
  const seen: Drained = { lines: 0, truncated: 0, droppedLines: 0, grownBytes: 0 };
  const tail = createTail();
  const running = await launch('sh', ['-c', `${command} | head -c ${FLOOD_BYTES}`]);
  const before = process.memoryUsage.rss();
  running.stdout.on('data', () => {
    seen.grownBytes = Math.max(seen.grownBytes, process.memoryUsage.rss() - before);
  });
  await new Promise<void>((resolve) => {
    const onLine = (line: string, truncated: boolean): void => {
      seen.lines += 1;
      if (truncated) seen.truncated += 1;
      tail.push(line);
    };
    const onDropped = ({ lines }: { lines: number }): void => void (seen.droppedLines += lines);
    readLines(running.stdout, { onLine, onEnd: resolve, onDropped, ...limits }, createRealClock());
  });
  return seen;
}
