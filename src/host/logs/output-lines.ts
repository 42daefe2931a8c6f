import { StringDecoder } from 'node:string_decoder';
import type { Logger } from '../../ports/index.ts';

/** Something that a program has printed. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Longest line, in UTF-16 units; what exceeds it begins another one. */
const MAX_LINE = 65_536;

interface Rest {
  readonly decoder: StringDecoder;
  text: string;
}

/** Logs what one process of a plugin prints, line by line. The last line is logged when it ends with a line break. */
export function createOutputLog(log: Logger, plugin: string): (chunk: OutputChunk) => void {
  const rests: Record<OutputChunk['stream'], Rest> = {
    stdout: { decoder: new StringDecoder('utf8'), text: '' },
    stderr: { decoder: new StringDecoder('utf8'), text: '' },
  };
  return ({ stream, data }) => {
    const rest = rests[stream];
    const [...lines] = `${rest.text}${rest.decoder.write(data)}`.split('\n');
    rest.text = lines.pop() ?? '';
    if (rest.text.length > MAX_LINE) {
      lines.push(rest.text);
      rest.text = '';
    }
    for (const line of lines) if (line.trim() !== '') log.log('info', line.replace(/\r$/, ''), { plugin, stream });
  };
}
