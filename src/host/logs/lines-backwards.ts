import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;
/** Longer lines are none of ours; they are given in pieces, which nobody can parse. */
const LONGEST_LINE_BYTES = 2 * 1024 * 1024;
const LINE_BREAK = 0x0a;

/** The lines of a file, the last one first. Reads as much as is asked for; the file stays open. */
export async function* linesBackwards(file: FileHandle): AsyncGenerator<string, void> {
  let end = (await file.stat()).size;
  let rest: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, start);
    // A file that was cut meanwhile has nothing more to say.
    if (bytesRead < chunk.length) return;
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([chunk, rest]);
    for (let at = data.lastIndexOf(LINE_BREAK); at >= 0; at = data.lastIndexOf(LINE_BREAK)) {
      if (at < data.length - 1) yield data.toString('utf8', at + 1);
      data = data.subarray(0, at);
    }
    rest = data;
    if (rest.length > LONGEST_LINE_BYTES) rest = Buffer.alloc(0);
    end = start;
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
