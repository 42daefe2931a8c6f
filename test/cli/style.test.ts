import { describe, expect, it } from 'vitest';
import { styleFor } from '../../src/cli/style.ts';

const terminal = { isTTY: true };

describe('styleFor', () => {
  it('colours text for a terminal', () => {
    expect(styleFor(terminal, {})('good', 'ready')).toBe('\u001b[32mready\u001b[39m');
  });

  it.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv]>([
    ['NO_COLOR is set', terminal, { NO_COLOR: '1' }],
    ['the terminal is dumb', terminal, { TERM: 'dumb' }],
    ['the output is a pipe', {}, {}],
  ])('leaves text alone when %s', (_, stream, env) => {
    expect(styleFor(stream, env)('good', 'ready')).toBe('ready');
  });
});
