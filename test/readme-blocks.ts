// The programs in a page. A comment `<!-- runs as examples/01-embed -->` says which example the TypeScript blocks after
// it are taken from; a `text` block after them is what that example prints.

/** The blocks that belong to one example. */
export interface ExampleBlocks {
  /** Folder of the example, below the top folder. */
  readonly example: string;
  /** TypeScript blocks, each part of a file of the example. */
  readonly programs: readonly string[];
  /** What the example prints, when the page says so. */
  readonly output: string | undefined;
}

/** Reads them from the Markdown text. Blocks before the first comment have the example "". */
export function blocksOf(markdown: string): ExampleBlocks[] {
  const [before = '', ...parts] = markdown.split(/<!-- runs as (\S+) -->/);
  const pairs = Array.from({ length: parts.length / 2 }, (_, index) => parts.slice(2 * index, 2 * index + 2));
  return [['', before], ...pairs]
    .map(([example = '', text = '']) => {
      const fences = [...text.matchAll(/^```(ts|text)\n([\s\S]*?)^```$/gm)];
      return {
        example,
        programs: fences.filter(([, kind]) => kind === 'ts').map(([, , code]) => code ?? ''),
        output: fences.find(([, kind]) => kind === 'text')?.[2],
      };
    })
    .filter(({ example, programs }) => example !== '' || programs.length > 0);
}

/** The lines of a program without its comments and blank lines: a page may explain more than the example does. */
export function codeOf(program: string): string {
  return program
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/.*$/, '').trimEnd())
    .filter(Boolean)
    .join('\n');
}
