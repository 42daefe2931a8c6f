/** Undoes the capture. */
export type Release = () => void;

type Done = ((error?: Error | null) => void) | undefined;

/**
 * Sends what the program prints (`console.log`, `process.stdout.write`) to `sink` instead of the standard output, which
 * belongs to the handshake. Standard error stays what it is: the host logs it and keeps its last lines for crash reports.
 */
export function captureStdout(sink: (data: Buffer) => void): Release {
  const original = process.stdout.write;
  const write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    sink(typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : Buffer.from(chunk));
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
  process.stdout.write = write as typeof process.stdout.write;
  return () => {
    process.stdout.write = original;
  };
}

function encodingOf(encoding: BufferEncoding | Done): BufferEncoding {
  return typeof encoding === 'string' ? encoding : 'utf8';
}
