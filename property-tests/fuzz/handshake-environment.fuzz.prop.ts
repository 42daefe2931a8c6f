import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { certificateFromPem } from '../../src/transport/go-plugin/certificate.ts';
import { HANDSHAKE_VARIABLES, readHandshakeEnvironment } from '../../src/transport/go-plugin/handshake-environment.ts';
import type { HandshakeRequest } from '../../src/transport/go-plugin/handshake-environment.ts';
import { chooseVersion } from '../../src/transport/go-plugin/version-negotiation.ts';
import { readCaptures } from '../../test/fixtures/read-captures.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedText } from '../arbitraries/edited-text.ts';

type Variables = Readonly<Record<string, string>>;

const DOCUMENTED = ['MAGIC_COOKIE_MISMATCH', 'CERTIFICATE_MALFORMED'] as const;
const COOKIE = { cookieKey: 'TROUPE_TEST_PLUGIN', cookieValue: 'd1b7a7d2-test' };

describe('fuzz: the handshake environment', () => {
  it('is followed, or refused with a documented code that keeps the cookie secret', () => {
    const outcomes = createOutcomes('handshake environment', DOCUMENTED);

    const property = fc.property(environments(), (env) => {
      expect(refusalOf(env)).not.toContain(COOKIE.cookieValue);
      outcomes.run(() => {
        const request = readHandshakeEnvironment(env, COOKIE);
        expectUsable(request);
        if (request.hostCertificatePem !== undefined) certificateFromPem(request.hostCertificatePem);
      });
    });
    fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish([...DOCUMENTED, 'ok'])).toEqual([]);
  });
});

// Helpers

/** The text of the refusal, if it is one. */
function refusalOf(env: Variables): string {
  try {
    readHandshakeEnvironment(env, COOKIE);
    return '';
  } catch (error) {
    return String(error);
  }
}

function expectUsable({ versions, minPort, maxPort, ignored }: HandshakeRequest): void {
  for (const port of [minPort, maxPort]) expect(port >= 0 && port <= 65_535 && Number.isInteger(port)).toBe(true);
  expect([1, 2]).toContain(chooseVersion([1, 2], versions));
  for (const text of ignored) {
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(text.length).toBeLessThan(2_000);
  }
}

/** Environments of real hosts in which some variables are edited, removed, exchanged or added. */
function environments(): fc.Arbitrary<Variables> {
  const captures = readCaptures().environments;
  const names = [...HANDSHAKE_VARIABLES, COOKIE.cookieKey, '__proto__'];
  const values = captures.flatMap((env) => Object.values(env));
  const value = fc.oneof(editedText(values), fc.string({ unit: 'binary' }), fc.constantFrom('', '0', 'true'));
  // The cookie less often: nothing behind it is looked at when it is wrong.
  const name = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...HANDSHAKE_VARIABLES) }, fc.constantFrom(...names));
  const edits = fc.array(fc.tuple(name, fc.option(value, { nil: undefined, freq: 6 })), { maxLength: 4 });
  return fc.tuple(fc.constantFrom(...captures), edits).map(([capture, changes]) => {
    const env = new Map(Object.entries(capture));
    for (const [key, text] of changes) {
      if (text === undefined) env.delete(key);
      else env.set(key, text);
    }
    return Object.fromEntries(env);
  });
}
