import { describe, expect, it } from 'vitest';
import { blocksOf, codeOf } from './readme-blocks.ts';

const FENCE = '```';

describe('blocksOf', () => {
  it('gives each example its 2 programs and its output', () => {
    const page = [
      '<!-- runs as examples/01-embed -->',
      `${FENCE}ts\nrun();\n${FENCE}`,
      `${FENCE}ts\nserve();\n${FENCE}`,
      `${FENCE}text\nran\n${FENCE}`,
      '<!-- runs as examples/02-more -->',
      `${FENCE}sh\nls\n${FENCE}`,
    ].join('\n\n');

    expect(blocksOf(page)).toEqual([
      { example: 'examples/01-embed', programs: ['run();\n', 'serve();\n'], output: 'ran\n' },
      { example: 'examples/02-more', programs: [], output: undefined },
    ]);
  });

  it('shows a program that belongs to no example', () => {
    expect(blocksOf(`${FENCE}ts\nrun();\n${FENCE}\n`)).toEqual([
      { example: '', programs: ['run();\n'], output: undefined },
    ]);
  });
});

describe('codeOf', () => {
  it('leaves comments and blank lines out, and addresses in strings alone', () => {
    expect(codeOf("// first\n\nconst a = 'http://x'; // second\n  f();\n")).toBe("const a = 'http://x';\n  f();");
  });
});
