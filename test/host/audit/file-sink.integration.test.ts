import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFileSink } from '../../../src/host/audit/index.ts';
import type { SealedEntry } from '../../../src/ports/index.ts';
import { draft } from './support.ts';

const signal = new AbortController().signal;

describe('createFileSink', () => {
  it('writes 1 line for each of 3 entries, which are the entries', async () => {
    const path = file();
    const sink = createFileSink({ path });
    await sink.write([entry(1), entry(2)], { signal });
    await sink.write([entry(3)], { signal });

    expect(linesOf(path)).toEqual([entry(1), entry(2), entry(3)]);
  });

  it('makes a file that only this user can read (0600)', async () => {
    const path = file();
    await createFileSink({ path }).write([entry(1)], { signal });

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes the rights of others on a file that is there away', async () => {
    const path = file();
    writeFileSync(path, '', { mode: 0o644 });
    await createFileSink({ path }).write([entry(1)], { signal });

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('ends a line that was cut before the next one, so that 1 line is lost and no other', async () => {
    const path = file();
    const sink = createFileSink({ path });
    await sink.write([entry(1)], { signal });
    appendFileSync(path, '{"sequence":2,"pl');
    await sink.write([entry(2)], { signal });

    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toEqual([JSON.stringify(entry(1)), '{"sequence":2,"pl', JSON.stringify(entry(2)), '']);
  });

  it('goes on in a new file after the old one was moved away', async () => {
    const path = file();
    const sink = createFileSink({ path });
    await sink.write([entry(1)], { signal });
    renameSync(path, `${path}.1`);
    await sink.write([entry(2)], { signal });

    expect([linesOf(`${path}.1`), linesOf(path)]).toEqual([[entry(1)], [entry(2)]]);
  });

  it('writes 20 batches that come at once one after the other', async () => {
    const path = file();
    const sink = createFileSink({ path });
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
    await Promise.all(numbers.map((number) => sink.write([entry(number)], { signal })));

    expect(linesOf(path).map(({ sequence }) => sequence)).toEqual(numbers);
  });

  it('follows no link', async () => {
    const path = file();
    symlinkSync(`${path}.target`, path);

    await expect(createFileSink({ path }).write([entry(1)], { signal })).rejects.toThrow(
      `[AUDIT_SINK_FAILED] the audit could not be written to ${path} (ELOOP)`,
    );
  });

  it('works again after 1 failure', async () => {
    const path = file();
    const sink = createFileSink({ path });
    symlinkSync(`${path}.target`, path);
    await expect(sink.write([entry(1)], { signal })).rejects.toThrow('[AUDIT_SINK_FAILED]');
    rmSync(path);
    await sink.write([entry(1)], { signal });

    expect(linesOf(path)).toEqual([entry(1)]);
  });

  it('rejects a write that was given up before it began, and writes nothing', async () => {
    const path = file();

    await expect(createFileSink({ path }).write([entry(1)], { signal: AbortSignal.abort() })).rejects.toThrow(
      '[CANCELLED]',
    );
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});

// Helpers

function file(): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-audit-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'audit.jsonl');
}

function entry(sequence: number): SealedEntry {
  return { ...draft('kv'), sequence, at: 5, commitId: `c${sequence}`, mac: 'a'.repeat(64) };
}

function linesOf(path: string): SealedEntry[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SealedEntry);
}
