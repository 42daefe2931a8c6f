import { oneLine } from '../printable.ts';

/** One line on a terminal that says how far something long is. Whoever makes it ends it. */
export interface ProgressLine {
  /** Says what is being done. */
  show(text: string): void;
  /** Removes the line. */
  end(): void;
}

const MOST_COLUMNS = 78;

/** On anything but a terminal it writes nothing. */
export function createProgressLine(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'>): ProgressLine {
  let shown = '';
  const write = (text: string): void => {
    if (!stream.isTTY || text === shown) return;
    // Back to the start of the line, and nothing behind it.
    stream.write(`\r\u001b[K${text}`);
    shown = text;
  };
  return {
    show(text) {
      const columns = Math.min(MOST_COLUMNS, (stream.columns ?? MOST_COLUMNS) - 1);
      write(oneLine(text).slice(0, Math.max(1, columns)));
    },
    end: () => write(''),
  };
}

/** Shows every file of a long list, or of a very long one some. */
export function fileProgress(line: ProgressLine, verb: string): (path: string, index: number, count: number) => void {
  return (path, index, count) => {
    const step = Math.ceil(count / 200);
    if (index % step === 0) line.show(`${verb} ${index + 1}/${count} ${path}`);
  };
}
