import { X509Certificate } from 'node:crypto';

import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { HandshakeError } from '../../src/errors/index.ts';
import {
  certificateFromBase64,
  certificateFromPem,
  createCertificate,
  readCertificate,
} from '../../src/transport/go-plugin/certificate.ts';
import type { PeerCertificate } from '../../src/transport/go-plugin/certificate.ts';
import { positiveInteger, time } from '../../src/transport/go-plugin/der.ts';

const MADE = (['P-256', 'P-521'] as const).map((curve) => createCertificate({ curve, now: Date.UTC(2026, 0, 1) }));
const YEAR_1950 = Date.UTC(1950, 0, 1);
const YEAR_2050 = Date.UTC(2050, 0, 1);

describe('certificates', () => {
  test.prop({ der: damagedCertificates() })('are refused as malformed, or are one whole certificate', ({ der }) => {
    const read = outcomeOf(() => readCertificate(der));

    if (read === 'CERTIFICATE_MALFORMED') return;
    expect(read.der).toEqual(der);
    const parsed = new X509Certificate(read.pem);
    expect(parsed.raw.equals(der)).toBe(true);
    expect(parsed.publicKey.type).toBe('public');
    expect(outcomeOf(() => certificateFromPem(read.pem))).toEqual(read);
    expect(outcomeOf(() => certificateFromBase64(der.toString('base64')))).toEqual(read);
  });

  test.prop({ index: fc.nat(MADE.length - 1), behind: fc.uint8Array({ minLength: 1, maxLength: 40 }) })(
    'are refused with anything behind them',
    ({ index, behind }) => {
      const der = Buffer.concat([MADE[index]?.certificateDer ?? Buffer.alloc(0), behind]);

      expect(outcomeOf(() => readCertificate(der))).toBe('CERTIFICATE_MALFORMED');
    },
  );

  test.prop({ index: fc.nat(MADE.length - 1), part: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) })(
    'are refused when anything is missing',
    ({ index, part }) => {
      const der = MADE[index]?.certificateDer ?? Buffer.alloc(0);

      expect(outcomeOf(() => readCertificate(der.subarray(0, Math.floor(part * der.length))))).toBe(
        'CERTIFICATE_MALFORMED',
      );
    },
  );

  test.prop({ text: damagedTexts() })('are refused as malformed in any damaged text form', ({ text }) => {
    const forms = {
      pem: outcomeOf(() => certificateFromPem(text)),
      base64: outcomeOf(() => certificateFromBase64(text)),
    };

    if (forms.pem !== 'CERTIFICATE_MALFORMED') expect(withoutSpace(text)).toBe(withoutSpace(forms.pem.pem));
    if (forms.base64 !== 'CERTIFICATE_MALFORMED') {
      expect(withoutPadding(text)).toBe(withoutPadding(forms.base64.der.toString('base64')));
    }
  });

  // Not fast-check's `test`: that runs a body without arguments as often as a property.
  it('are both read and refused under the damage', () => {
    const seen = new Set<string>();
    const all = fc.property(damagedCertificates(), (der) => {
      const read = outcomeOf(() => readCertificate(der));
      seen.add(typeof read === 'string' ? read : 'read');
    });
    fc.assert(all, { numRuns: 500, seed: 1 });

    expect(seen).toEqual(new Set(['CERTIFICATE_MALFORMED', 'read']));
  });

  test.prop({ now: validityTimes(), validForMs: fc.integer({ min: 1_000, max: 100 * 365 * 86_400_000 }) })(
    'carry their validity to the second, on both sides of 2050',
    ({ now, validForMs }) => {
      const { certificateDer } = createCertificate({ now, validForMs });

      const parsed = new X509Certificate(certificateDer);
      expect(parsed.validFromDate.getTime()).toBe(wholeSecond(now - 30_000));
      expect(parsed.validToDate.getTime()).toBe(wholeSecond(now + validForMs));
    },
  );
});

describe('time', () => {
  test.prop({ at: instants() })(
    'is UTCTime exactly from 1950 through 2049, and GeneralizedTime otherwise',
    ({ at }) => {
      const element = time(at);

      const isShort = at >= YEAR_1950 && at < YEAR_2050;
      expect(element[0]).toBe(isShort ? 0x17 : 0x18);
      expect(element[1]).toBe(element.length - 2);
      expect(instantOf(element.subarray(2).toString(), isShort)).toBe(wholeSecond(at));
    },
  );
});

describe('positiveInteger', () => {
  test.prop({ bytes: fc.uint8Array({ maxLength: 20 }) })('is the shortest form of the same number', ({ bytes }) => {
    const content = positiveInteger(Buffer.from(bytes)).subarray(2);

    expect(BigInt(`0x0${content.toString('hex')}`)).toBe(BigInt(`0x0${Buffer.from(bytes).toString('hex')}`));
    expect(content[0]).toBeLessThan(0x80);
    if (content.length > 1 && content[0] === 0) expect(content[1]).toBeGreaterThanOrEqual(0x80);
  });
});

// Helpers

function outcomeOf(read: () => PeerCertificate): PeerCertificate | 'CERTIFICATE_MALFORMED' {
  try {
    return read();
  } catch (error) {
    if (error instanceof HandshakeError && error.code === 'CERTIFICATE_MALFORMED') return error.code;
    throw error;
  }
}

/** Certificates with some bytes exchanged, most of them in the structure at the front; and bytes of any kind. */
function damagedCertificates(): fc.Arbitrary<Buffer> {
  const damage = fc.array(fc.tuple(fc.oneof(fc.nat(1_000), fc.nat(80)), fc.nat(255)), { maxLength: 3 });
  const damaged = fc.tuple(fc.constantFrom(...MADE), damage).map(([{ certificateDer }, changes]) => {
    const der = Buffer.from(certificateDer);
    for (const [where, byte] of changes) der[where % der.length] = byte;
    return der;
  });
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  return fc.oneof({ weight: 9, arbitrary: damaged }, { weight: 1, arbitrary: bytes });
}

function damagedTexts(): fc.Arbitrary<string> {
  const whole = fc.constantFrom(
    ...MADE.flatMap((made) => [made.certificatePem, made.certificateDer.toString('base64')]),
  );
  const cuts = fc.tuple(whole, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), fc.string({ maxLength: 4 }));
  const damaged = cuts.map(([text, where, removed, inserted]) => {
    const start = Math.floor(where * text.length);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
  return fc.oneof({ weight: 5, arbitrary: damaged }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) });
}

/** Instants anywhere, and close to where the form changes. */
function instants(): fc.Arbitrary<number> {
  const near = fc.tuple(fc.constantFrom(YEAR_1950, YEAR_2050), fc.integer({ min: -3_000, max: 3_000 }));
  return fc.oneof(
    fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
    near.map(([boundary, offset]) => boundary + offset),
  );
}

/** Times whose validity starts or ends close to the year 2050. */
function validityTimes(): fc.Arbitrary<number> {
  const near = fc.integer({ min: -60_000, max: 60_000 }).map((offset) => YEAR_2050 + offset);
  return fc.oneof(fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }), near);
}

function instantOf(text: string, isShort: boolean): number {
  const year = Number(text.slice(0, isShort ? 2 : 4));
  const [month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = (
    text.slice(isShort ? 2 : 4, -1).match(/../g) ?? []
  ).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(isShort ? (year < 50 ? 2000 + year : 1900 + year) : year, month - 1, day);
  return date.setUTCHours(hours, minutes, seconds);
}

/** White space may differ, and so may the padding of the base64. */
function withoutSpace(pem: string): string {
  return pem.replace(/[\s=]+/g, '');
}

function withoutPadding(base64: string): string {
  return base64.replace(/={0,2}$/, '');
}

function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
