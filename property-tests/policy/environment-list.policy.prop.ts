import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { selectEnvironment } from '../../src/policy/index.ts';

const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('A', 'B', '_'), minLength: 1, maxLength: 4 }),
  fc.constantFrom('PLUGIN_A', 'PLUGIN_', 'PLUGINS', 'constructor', '__proto__'),
);
const pattern = fc.oneof(
  name,
  fc.tuple(name, fc.nat(4)).map(([text, length]) => `${text.slice(0, length)}*`),
);

describe('selectEnvironment', () => {
  test.prop([fc.array(fc.tuple(name, fc.option(fc.string(), { nil: undefined }))), fc.array(pattern)])(
    'picks exactly what is set, listed, and no handshake',
    (entries, patterns) => {
      const source = Object.fromEntries(entries);

      const picked = selectEnvironment(source, patterns);

      const expected = Object.entries(source).filter(
        ([key, value]) =>
          value !== undefined && key.indexOf('PLUGIN_') !== 0 && patterns.some((each) => matches(each, key)),
      );
      expect(new Map(Object.entries(picked))).toEqual(new Map(expected));
    },
  );
});

// Helpers

function matches(each: string, key: string): boolean {
  const [start = '', end] = each.split('*');
  return end === undefined ? key === each : key.indexOf(start) === 0;
}
