import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { HandshakeError } from '../../src/errors/index.ts';
import { createCertificate } from '../../src/transport/go-plugin/certificate.ts';
import {
  formatHandshakeLine,
  MAX_APP_VERSION,
  parseHandshakeLine,
} from '../../src/transport/go-plugin/handshake-line.ts';
import type { HandshakeLine } from '../../src/transport/go-plugin/handshake-line.ts';
import { MAX_UNIX_PATH_BYTES } from '../../src/transport/go-plugin/listen-address.ts';
import { MAX_QUOTED_CHARS } from '../../src/transport/go-plugin/quoted.ts';

// Several, since their lengths differ by chance: the base64 of most lengths has padding, of some it has none.
const CERTIFICATES = (['P-256', 'P-256', 'P-256', 'P-256', 'P-521', 'P-521'] as const).map(
  (curve) => createCertificate({ curve, now: Date.UTC(2026, 0, 1) }).certificateDer,
);
const REFUSALS: ReadonlySet<string> = new Set([
  'HANDSHAKE_EMPTY_LINE',
  'HANDSHAKE_LINE_TOO_LONG',
  'HANDSHAKE_MALFORMED',
  'CORE_VERSION_UNSUPPORTED',
  'APP_VERSION_UNSUPPORTED',
  'NETWORK_UNSUPPORTED',
  'ADDRESS_INVALID',
  'PROTOCOL_UNSUPPORTED',
  'MULTIPLEX_UNSUPPORTED',
  'CERTIFICATE_MISSING',
  'CERTIFICATE_MALFORMED',
  'CERTIFICATE_UNEXPECTED',
]);

describe('handshake lines', () => {
  test.prop({ line: lines().filter((line) => !isPlainTcp(line)) })('are read back as they were written', ({ line }) => {
    const text = formatHandshakeLine(line);

    const read = parseHandshakeLine(text, {
      versions: [line.appVersion],
      requireCertificate: line.certificate !== undefined,
    });

    expect(read).toEqual(line);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    const fields = text.trimEnd().split('|');
    expect(fields).toHaveLength(line.multiplex === undefined ? 6 : 7);
    expect(fields[5]).toMatch(/^[A-Za-z0-9+/]*$/);
  });

  test.prop({ line: lines(), requireCertificate: fc.boolean() })(
    'pass exactly when a certificate comes and mutual TLS is on, or neither and the network is unix',
    ({ line, requireCertificate }) => {
      const code = codeOf(formatHandshakeLine(line), [line.appVersion], requireCertificate);

      const hasCertificate = line.certificate !== undefined;
      const refusal = requireCertificate ? 'CERTIFICATE_MISSING' : 'CERTIFICATE_UNEXPECTED';
      const accepted = isPlainTcp(line) ? 'CERTIFICATE_MISSING' : undefined;
      expect(code).toBe(hasCertificate === requireCertificate ? accepted : refusal);
    },
  );

  test.prop({ text: hostileLines(), requireCertificate: fc.boolean() })(
    'are refused with a documented code and a short printable text, whatever they hold',
    ({ text, requireCertificate }) => {
      codeOf(text, [1, 2], requireCertificate);
    },
  );

  // Not fast-check's `test`: that runs a body without arguments as often as a property.
  it('reach every refusal and an acceptance from the hostile alphabet', () => {
    const seen = new Set<string | undefined>();
    const all = fc.property(hostileLines(), fc.boolean(), (text, requireCertificate) => {
      seen.add(codeOf(text, [1, 2], requireCertificate));
    });
    fc.assert(all, { numRuns: 3_000, seed: 1 });

    expect(seen).toEqual(new Set([...REFUSALS, undefined]));
  });
});

// Helpers

function isPlainTcp({ network, certificate }: HandshakeLine): boolean {
  return network === 'tcp' && certificate === undefined;
}

/** The code of the refusal, after checking that it is a proper one; undefined when the line is accepted. */
function codeOf(text: string, versions: readonly number[], requireCertificate: boolean): string | undefined {
  try {
    const line = parseHandshakeLine(text, { versions, requireCertificate });
    expectProperLine(line, requireCertificate);
    return undefined;
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    expectProperRefusal(error);
    return error.code;
  }
}

function expectProperLine(line: HandshakeLine, requireCertificate: boolean): void {
  expect(line.certificate !== undefined).toBe(requireCertificate);
  expect(`${line.network} ${line.address}`).toMatch(/^(unix \/|tcp (127\.[0-9.]+|\[[0:]*1\]):\d+$)/);
}

function expectProperRefusal(error: HandshakeError): void {
  expect(REFUSALS).toContain(error.code);
  expect(error.rawMessage).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  // Each quoted character takes at most nine to show; the rest is our own text.
  expect(error.rawMessage.length).toBeLessThan(MAX_QUOTED_CHARS * 9 + 200);
}

function lines(): fc.Arbitrary<HandshakeLine> {
  const paths = fc
    .string({ unit: 'binary', maxLength: 100 })
    .map((rest) => `/${rest.replace(/[|\r\n\0\u2028\u2029]/g, '')}`)
    .filter((path) => Buffer.byteLength(path) <= MAX_UNIX_PATH_BYTES);
  const ports = fc.integer({ min: 1, max: 65_535 });
  const v4 = fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(255), ports)
    .map(([a, b, c, port]) => `127.${a}.${b}.${c}:${port}`);
  const v6 = ports.map((port) => `[::1]:${port}`);
  const listening = fc.oneof(
    fc.record({ network: fc.constant('unix' as const), address: paths }),
    fc.record({ network: fc.constant('tcp' as const), address: fc.oneof(v4, v6) }),
  );
  const others = fc.record(
    {
      coreVersion: fc.constant(1 as const),
      appVersion: fc.nat(MAX_APP_VERSION),
      protocol: fc.constant('grpc' as const),
      certificate: fc.constantFrom(...CERTIFICATES),
      multiplex: fc.constant(false),
    },
    { requiredKeys: ['coreVersion', 'appVersion', 'protocol'] },
  );
  return fc.tuple(listening, others).map(([address, rest]) => ({ ...rest, ...address }));
}

/** Anything; lines put together from good and bad fields; good lines with a part exchanged. */
function hostileLines(): fc.Arbitrary<string> {
  const junk = fc.string({ unit: 'binary', maxLength: 40 });
  const encoded = CERTIFICATES.map((der) => der.toString('base64'));
  const mutated = mutations(fc.constantFrom(...encoded));
  const field = (...usual: string[]): fc.Arbitrary<string> =>
    fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: junk });
  const parts = fc.tuple(
    field('1', '1', '1', '2', '01'),
    field('1', '2', '3'),
    field('unix', 'unix', 'tcp', 'udp'),
    field('/tmp/plugin1', '/tmp/plugin1', '127.0.0.1:80', '10.0.0.1:80', 'plugin'),
    field('grpc', 'grpc', 'grpc', 'netrpc'),
    fc.oneof(field('', '', ...encoded), mutated),
    field('', 'true', 'false'),
    junk,
  );
  const built = fc.tuple(parts, fc.integer({ min: 1, max: 8 })).map(([all, count]) => all.slice(0, count).join('|'));
  const long = fc.integer({ min: 65_530, max: 65_545 }).map((length) => 'x'.repeat(length));
  return fc.oneof(
    { weight: 2, arbitrary: junk },
    { weight: 8, arbitrary: built },
    { weight: 4, arbitrary: parts.map((all) => all.slice(0, 6).join('|')) },
    { weight: 3, arbitrary: mutations(lines().map(formatHandshakeLine)) },
    { weight: 1, arbitrary: fc.oneof(long, fc.constantFrom('', ' ', '\n')) },
  );
}

/** A text with a few characters in the middle exchanged for others. */
function mutations(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cuts = fc.tuple(texts, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), fc.string({ maxLength: 4 }));
  return cuts.map(([text, where, removed, inserted]) => {
    const start = Math.floor(where * text.length);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
}
