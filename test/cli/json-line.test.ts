import { describe, expect, it } from 'vitest';
import { jsonLine } from '../../src/cli/json-line.ts';

describe('jsonLine', () => {
  it('has nothing in it that a terminal obeys, and reads back as it was', () => {
    const value = { text: 'a\u009b31mb\u001b[31m\u202ec\u2066\u007f ä 🎭', list: [1, null] };

    const line = jsonLine(value);

    // oxlint-disable-next-line no-control-regex
    expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\p{Bidi_C}]*\n$/u);
    expect(JSON.parse(line)).toEqual(value);
  });
});
