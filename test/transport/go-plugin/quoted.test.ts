import { describe, expect, it } from 'vitest';

import { quoted } from '../../../src/transport/go-plugin/quoted.ts';

describe('quoted', () => {
  it.each([
    ['plain text', 'kv plugin', '"kv plugin"'],
    ['letters of other scripts', 'größe 名', '"größe 名"'],
    ['quotation marks and backslashes', 'a"b\\c', '"a\\"b\\\\c"'],
    ['terminal control sequences', '\x1b[2J\x07\r\n', '"\\u001b[2J\\u0007\\u000d\\u000a"'],
    ['marks that reverse the direction', 'a\u202eb', '"a\\u202eb"'],
    ['half a surrogate pair', '\ud800', '"\\ud800"'],
    ['characters beyond 16 bits', '\u{e0001}', '"\\u{e0001}"'],
  ])('shows %s safely', (_what, text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it('cuts after 200 characters and says so', () => {
    expect(quoted('x'.repeat(200))).toBe(`"${'x'.repeat(200)}"`);
    expect(quoted('x'.repeat(201))).toBe(`"${'x'.repeat(200)}"…`);
  });
});
