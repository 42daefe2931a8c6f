import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { compileGlob, coversPermission, decideConsent, diffPermissions, globCovers } from '../../src/policy/index.ts';

describe('globCovers', () => {
  test.prop([pattern(), pattern(), fc.array(type(), { minLength: 20, maxLength: 20 })])(
    'P2: says yes only when each type that the one matches is matched by the other',
    (outer, inner, types) => {
      fc.pre(globCovers(outer, inner));
      const [one, other] = [compileGlob(outer), compileGlob(inner)];

      for (const text of types) if (other.matches(text)) expect(one.matches(text)).toBe(true);
    },
  );

  test.prop([pattern(), pattern()])('says no only when some type shows it', (outer, inner) => {
    const [one, other] = [compileGlob(outer), compileGlob(inner)];
    const witnesses = allTypes().filter((text) => other.matches(text));

    expect(globCovers(outer, inner)).toBe(witnesses.every((text) => one.matches(text)));
  });
});

describe('permissions', () => {
  test.prop([permission()])('cover themselves', (text) => {
    expect(coversPermission([text], text)).toBe(true);
  });

  test.prop([fc.array(permission(), { minLength: 8, maxLength: 12 })])(
    'cover what is covered by what they cover',
    (all) => {
      for (const a of all) {
        for (const b of all.filter((one) => coversPermission([a], one))) {
          for (const c of all.filter((one) => coversPermission([b], one))) expect(coversPermission([a], c)).toBe(true);
        }
      }
    },
  );

  test.prop([list(), list()])('P4: differ by what nothing on the other side covers', (before, after) => {
    const { added, removed, sensitive } = diffPermissions(before, after);

    expect(after.filter((one) => !coversPermission([...before, ...added], one))).toEqual([]);
    expect(added.filter((one) => coversPermission(before, one))).toEqual([]);
    expect(removed.filter((one) => coversPermission(after, one))).toEqual([]);
    expect(sensitive.filter((one) => !added.includes(one))).toEqual([]);
    expect(diffPermissions(after, after)).toEqual({ added: [], removed: [], sensitive: [] });
  });

  test.prop([list(), list(), list()])(
    'N1, N3: are granted as asked for, or wait for what nobody has consented to',
    (before, after, consent) => {
      const decision = decideConsent({ before, after, consent });

      const uncovered = decision.diff.sensitive.filter((one) => !coversPermission(consent, one));
      if (decision.kind === 'waits') expect(decision.awaiting).toEqual(uncovered);
      else expect([decision.permissions, uncovered]).toEqual([[...new Set(after)].sort(), []]);
    },
  );
});

// Helpers

const SEGMENTS = ['a', 'b'];

function pattern(): fc.Arbitrary<string> {
  const inner = fc
    .tuple(fc.array(fc.constantFrom(...SEGMENTS, '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([segments, isOpen]) => [...segments, ...(isOpen ? ['**'] : [])].join('.'));
  return fc.oneof({ weight: 8, arbitrary: inner }, fc.constantFrom('*', '**'));
}

function type(): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...SEGMENTS, 'c'), { minLength: 1, maxLength: 5 })
    .map((segments) => segments.join('.'));
}

/** All types of up to 5 segments over 3 names: enough to tell any two patterns of up to 4 segments apart. */
function allTypes(): readonly string[] {
  const names = [...SEGMENTS, 'c'];
  let longest = names;
  const all = [...names];
  for (let length = 2; length <= 5; length++) {
    longest = longest.flatMap((text) => names.map((name) => `${text}.${name}`));
    all.push(...longest);
  }
  return all;
}

function permission(): fc.Arbitrary<string> {
  return fc.oneof(
    pattern().map((text) => `events.emit:${text}`),
    fc.constantFrom('*', 'a', 'a:1', 'A:1', 'b').map((text) => `net:${text}`),
    fc
      .constantFrom('/', '/a', '/a/b', 'a', 'a/b', '.', '..', '../..', '/a/../b', 'a/..')
      .map((text) => `fs.read:${text}`),
    fc.constantFrom('A', 'A*', 'AB', '*', 'AB*').map((text) => `env:${text}`),
    fc.constantFrom('worker', 'addons', 'secret:a', 'capability:a', 'service:a', 'unknown:x'),
  );
}

function list(): fc.Arbitrary<string[]> {
  return fc.array(permission(), { maxLength: 5 });
}
