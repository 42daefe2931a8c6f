import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigningKey } from '../../../src/host/bundles/index.ts';
import type { BundleSignature, TrustedKey } from '../../../src/host/bundles/index.ts';
import { parseSignature, signaturePath, signatureText } from '../../../src/host/bundles/signing/signature-file.ts';
import { signDigest } from '../../../src/host/bundles/signing/signature.ts';
import { checkSignatures, distrustOf, judgeSignatures, resolveTrust } from '../../../src/host/bundles/signing/trust.ts';
import type { SignatureCheck, SignaturePolicy } from '../../../src/host/bundles/signing/trust.ts';

const DIGEST = 'd'.repeat(64);
const NOW = 1_000_000;
const ours = createSigningKey();
const theirs = createSigningKey();
const TRUSTED: TrustedKey = { id: 'ours', publicKey: ours.publicKey };

describe('distrustOf', () => {
  const check = (status: SignatureCheck['status']): SignatureCheck => ({ key: 'k'.repeat(64), status, signer: 'ours' });

  it.each<[readonly SignatureCheck['status'][], string | undefined]>([
    [[], undefined],
    [['unknown'], undefined],
    [['valid'], undefined],
    [['revoked'], 'SIGNATURE_KEY_REVOKED'],
    [['expired'], 'SIGNATURE_KEY_EXPIRED'],
    [['expired', 'revoked'], 'SIGNATURE_KEY_REVOKED'],
    [['revoked', 'valid'], undefined],
    [['unknown', 'expired'], 'SIGNATURE_KEY_EXPIRED'],
  ])('says of %j: %s', (statuses, code) => {
    expect(distrustOf('artifact x', statuses.map(check))?.code).toBe(code);
  });
});

describe('a signature', () => {
  it('is of Ed25519 over the name of its format and the digest, in 64 bytes', () => {
    const key = createPrivateKey(ours.privateKey);
    const expected = sign(null, Buffer.from(`troupe.signature/v1\n${DIGEST}\n`), key).toString('base64');

    expect(signDigest(DIGEST, key)).toEqual({
      format: 'troupe.signature/v1',
      algorithm: 'ed25519',
      key: ours.fingerprint,
      digest: DIGEST,
      signature: expected,
    });
  });

  it('names its key by the SHA-256 of its public half', () => {
    const der = Buffer.from(ours.publicKey.replace(/-----[^-]+-----|\n/g, ''), 'base64');

    expect(ours.fingerprint).toBe(createHash('sha256').update(der).digest('hex'));
  });

  it('is read back from its file', () => {
    const signature = signed();

    expect(parseSignature('bundle', signaturePath(signature), Buffer.from(signatureText(signature)))).toEqual(
      signature,
    );
  });

  it.each<[string, object | string]>([
    ['no JSON', '{'],
    ['another format', { format: 'troupe.signature/v2' }],
    ['another algorithm', { algorithm: 'rsa' }],
    ['an unknown key', { publicKey: ours.publicKey }],
    ['a short signature', { signature: 'AAAA' }],
    ['a signature that could be written in another way', { signature: `${'A'.repeat(85)}B==` }],
    ['the name of another key', { key: theirs.fingerprint }],
    ['a digest twice', signatureText(signed()).replace('"digest":', `"digest": "${'e'.repeat(64)}", "digest":`)],
  ])('is refused with %s', (_, changed) => {
    const text = typeof changed === 'string' ? changed : JSON.stringify({ ...signed(), ...changed });

    expect(() => parseSignature('bundle', signaturePath(signed()), Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID', details: { entry: signaturePath(signed()) } }),
    );
  });
});

describe('checkSignatures (G-21)', () => {
  it.each<[string, BundleSignature, Partial<TrustedKey>, SignatureCheck['status']]>([
    ['of a trusted key', signed(), {}, 'valid'],
    ['of a key that nobody named', signed(theirs.privateKey), {}, 'unknown'],
    ['that was forged', { ...signed(theirs.privateKey), key: ours.fingerprint }, {}, 'invalid'],
    ['of another digest', signed(ours.privateKey, 'e'.repeat(64)), {}, 'invalid'],
    ['of another digest under this one', { ...signed(ours.privateKey, 'e'.repeat(64)), digest: DIGEST }, {}, 'invalid'],
    ['of a key that was revoked', signed(), { revoked: true }, 'revoked'],
    ['before its time', signed(), { validFromAt: NOW + 1 }, 'notYetValid'],
    ['at the start of its time', signed(), { validFromAt: NOW }, 'valid'],
    ['at the end of its time', signed(), { validUntilAt: NOW }, 'expired'],
    ['in its time', signed(), { validUntilAt: NOW + 1 }, 'valid'],
    [
      'that was forged of a key that was revoked',
      { ...signed(theirs.privateKey), key: ours.fingerprint },
      { revoked: true },
      'invalid',
    ],
  ])('finds a signature %s', (_, signature, key, status) => {
    const trust = resolveTrust({ keys: [{ ...TRUSTED, ...key }] });

    expect(checkSignatures(DIGEST, [signature], trust, NOW)).toMatchObject([{ status }]);
  });

  it('looks anew each time: a key that is revoked counts no more', () => {
    const before = resolveTrust({ keys: [TRUSTED] });
    const after = resolveTrust({ keys: [{ ...TRUSTED, revoked: true }] });

    const statuses = [before, after, before].map((trust) => checkSignatures(DIGEST, [signed()], trust, NOW)[0]?.status);

    expect(statuses).toEqual(['valid', 'revoked', 'valid']);
  });
});

describe('judgeSignatures', () => {
  const VALID: SignatureCheck = { key: 'aa', status: 'valid', signer: 'ours' };
  const UNKNOWN: SignatureCheck = { key: 'bb', status: 'unknown', signer: undefined };
  const INVALID: SignatureCheck = { key: 'cc', status: 'invalid', signer: 'ours' };
  const EXPIRED: SignatureCheck = { key: 'dd', status: 'expired', signer: 'ours' };
  const REVOKED: SignatureCheck = { key: 'ee', status: 'revoked', signer: 'ours' };

  it.each<[string, readonly SignatureCheck[], string]>([
    ['none', [], 'SIGNATURE_MISSING'],
    ['one of an unknown key', [UNKNOWN], 'SIGNATURE_UNTRUSTED'],
    ['one of an expired key', [UNKNOWN, EXPIRED], 'SIGNATURE_KEY_EXPIRED'],
    ['one that is too early', [{ ...EXPIRED, status: 'notYetValid' }], 'SIGNATURE_KEY_EXPIRED'],
    ['one of a revoked key', [UNKNOWN, EXPIRED, REVOKED], 'SIGNATURE_KEY_REVOKED'],
    ['a forged one', [INVALID], 'SIGNATURE_INVALID'],
    ['a forged one and a right one', [VALID, INVALID], 'SIGNATURE_INVALID'],
  ])('refuses %s when one is required', (_, checks, code) => {
    expect(() => judgeSignatures('bundle "x"', checks, 'required')).toThrow(expect.objectContaining({ code }));
  });

  it.each<[SignaturePolicy, readonly SignatureCheck[]]>([
    ['required', [UNKNOWN, EXPIRED, REVOKED, VALID]],
    ['warn', [VALID]],
  ])('takes one that counts, whatever else is there (%s)', (policy, checks) => {
    expect(judgeSignatures('bundle', checks, policy)).toEqual({
      signer: { id: 'ours', fingerprint: 'aa' },
      warnings: [],
    });
  });

  it.each<[readonly SignatureCheck[], string]>([
    [[], 'bundle has no signature'],
    [[UNKNOWN], 'bundle is signed by no key that this host trusts (bb)'],
    [[REVOKED], 'bundle is signed by a key that was revoked ("ours")'],
  ])('only warns when it shall: %o', (checks, warning) => {
    expect(judgeSignatures('bundle', checks, 'warn')).toEqual({ signer: undefined, warnings: [warning] });
  });

  it('refuses a forged one where it otherwise only warns, and nothing where it does not look', () => {
    expect(() => judgeSignatures('bundle', [INVALID], 'warn')).toThrow('[SIGNATURE_INVALID]');
    expect(judgeSignatures('bundle', [INVALID], 'off')).toEqual({ signer: undefined, warnings: [] });
  });
});

describe('resolveTrust', () => {
  it('requires signatures of everything but local directories', () => {
    expect(resolveTrust().policies).toEqual({
      directory: 'warn',
      archive: 'required',
      bytes: 'required',
      url: 'required',
    });
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
  it.each<[string, readonly TrustedKey[], string]>([
    ['a private key', [{ id: 'a', publicKey: ours.privateKey }], 'keys[0].publicKey'],
    ['no key', [{ id: 'a', publicKey: 'abc' }], 'keys[0].publicKey'],
    ['a key of another kind', [{ id: 'a', publicKey: rsa.toString() }], 'keys[0].publicKey'],
    ['a key twice', [TRUSTED, { ...TRUSTED, id: 'again' }], 'keys[1].publicKey'],
    ['an id twice', [TRUSTED, { ...TRUSTED, publicKey: theirs.publicKey }], 'keys[1].id'],
    ['an empty id', [{ ...TRUSTED, id: '' }], 'keys[0].id'],
    ['a time that is none', [{ ...TRUSTED, validUntilAt: Number.NaN }], 'keys[0].validUntilAt'],
  ])('refuses %s', (_, keys, field) => {
    expect(() => resolveTrust({ keys })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field: expect.stringContaining(field) }),
    );
  });

  it('refuses a policy that is none', () => {
    expect(() => resolveTrust({ policies: { url: 'maybe' as SignaturePolicy } })).toThrow('trust.policies.url');
  });
});

// Helpers

function signed(privateKey: string = ours.privateKey, digest = DIGEST): BundleSignature {
  return signDigest(digest, createPrivateKey(privateKey));
}
