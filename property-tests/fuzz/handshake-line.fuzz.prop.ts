import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createRealClock } from '../../src/ports/index.ts';
import { certificateFromPem, createCertificate, readCertificate } from '../../src/transport/go-plugin/certificate.ts';
import { channelMaterial } from '../../src/transport/go-plugin/credentials.ts';
import { MAX_HANDSHAKE_LINE_BYTES, parseHandshakeLine } from '../../src/transport/go-plugin/handshake-line.ts';
import type { HandshakeExpectations, HandshakeLine } from '../../src/transport/go-plugin/handshake-line.ts';
import { createGrpcConnection, targetOf } from '../../src/transport/grpc/index.ts';
import { readFirstLine } from '../../src/transport/process/index.ts';
import { readCaptures } from '../../test/fixtures/read-captures.ts';
import { createOutcomes, FUZZ_RUNS } from '../../test/fuzz/outcomes.ts';
import { editedBytes } from '../arbitraries/edited-bytes.ts';
import { editedText } from '../arbitraries/edited-text.ts';
import { cuts, listenersOn, streamOf } from './streams.ts';

const DOCUMENTED = [
  'PLUGIN_EXITED_EARLY',
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
] as const;
/** The others take luck. */
const MUST_REACH = DOCUMENTED.filter((code) => !/EMPTY|LONG|MULTIPLEX/.test(code));

/** By their place in the line. */
const ODD_FIELDS: readonly (readonly string[])[] = [
  ['', '0', '2', '01'],
  ['', '0', '2', '3', '9', '4294967297'],
  ['', 'tcp', 'udp', 'UNIX'],
  ['', 'x', '//x', '/\u2028', '127.0.0.1:1', '10.0.0.1:1', '[::1]:99999'],
  ['', 'netrpc', 'GRPC'],
  ['', 'MIIB', '====', '-'],
  ['', 'true', 'f', 'x'],
];

const clock = createRealClock();
const own = createCertificate({ now: 0 });

describe('fuzz: the handshake line', () => {
  it('is dialable or refused with a documented code, however its bytes come', async () => {
    const outcomes = createOutcomes('handshake line', DOCUMENTED);

    const property = fc.asyncProperty(firstLines(), cuts(), expectations(), async (bytes, at, expected) => {
      const stream = streamOf(bytes, at);
      const before = listenersOn(stream);
      await outcomes.settle(async () => {
        const text = await readFirstLine(stream, { maxBytes: MAX_HANDSHAKE_LINE_BYTES });
        expectDialable(parseHandshakeLine(text, expected));
      });
      expect(listenersOn(stream)).toBe(before);
      stream.destroy();
    });
    await fc.assert(property, { numRuns: FUZZ_RUNS });

    expect(outcomes.finish([...MUST_REACH, 'ok'])).toEqual([]);
  });
});

// Helpers

/** What a session does first with a line that was accepted. */
function expectDialable({ network, address, certificate }: HandshakeLine): void {
  const credentials = certificate && channelMaterial(own, readCertificate(certificate).pem);
  if (credentials !== undefined) certificateFromPem(credentials.peerCertificatePem);
  createGrpcConnection({ target: targetOf(network, address), credentials, clock }).close();
}

function expectations(): fc.Arbitrary<HandshakeExpectations> {
  const versions = fc.constantFrom([1], [1], [2, 1], [1, 3], [7]);
  return fc.record({ versions, requireCertificate: fc.boolean() });
}

function firstLines(): fc.Arbitrary<Buffer> {
  const { handshakeLines } = readCaptures();
  const captures = [...handshakeLines, '1|2|tcp|127.0.0.1:10000|grpc|', '1|1|tcp|[::1]:1234|grpc'];
  const ending = fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\nmore\n', '');
  const text = fc.tuple(editedText(captures), ending).map(([line, end]) => Buffer.from(line + end));
  const exchanged = fc
    .tuple(fc.constantFrom(...captures), fc.constantFrom(0, 1, 2, 3, 3, 4, 5, 6), fc.nat(41))
    .map(([line, index, number]) =>
      Buffer.from(`${withOddField(line, index, number)}
`),
    );
  const bytes = editedBytes(captures.map((line) => Buffer.from(`${line}\n`)));
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }).map((line) => Buffer.from(`${line}\n`)),
    anyBytes(),
  );
  return fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 8, arbitrary: exchanged },
    { weight: 3, arbitrary: bytes },
    { weight: 1, arbitrary: anything },
  );
}

function withOddField(line: string, index: number, number: number): string {
  const fields = line.split('|');
  const odd = ODD_FIELDS[index] ?? [];
  fields[index] = odd[number % odd.length] ?? '';
  return fields.join('|');
}

function anyBytes(): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
}
