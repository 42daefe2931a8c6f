import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createLockFile,
  createSigningKey,
  fingerprintOf,
  readSigningKey,
  readTrustFile,
  requireLocked,
  sourceText,
  writeSigningKey,
} from '../../../src/host/bundles/index.ts';
import type { LockedPlugin } from '../../../src/host/bundles/index.ts';
import { directoryOf, storeForTest, temporaryDirectory } from './support.ts';

const pair = createSigningKey();

describe('a key file', () => {
  it('is written for its owner alone, and read back', async () => {
    const prefix = join(temporaryDirectory(), 'me');

    const { privateKeyFile, publicKeyFile, fingerprint } = await writeSigningKey(prefix);

    expect(statSync(privateKeyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(publicKeyFile, 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(fingerprintOf(await readSigningKey(privateKeyFile))).toBe(fingerprint);
  });

  it.each(['me.key.pem', 'me.pub.pem'])('is never replaced: with %s there, neither is written', async (name) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, name), 'mine');

    await expect(writeSigningKey(join(directory, 'me'))).rejects.toMatchObject({ code: 'BUNDLE_OUTPUT_REFUSED' });
    expect(readdirSync(directory)).toEqual([name]);
    expect(readFileSync(join(directory, name), 'utf8')).toBe('mine');
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  it.each<[string, string | Buffer, string]>([
    ['a public key', pair.publicKey, 'holds no private key'],
    ['no key', 'secret text', 'holds no private key'],
    ['a key of another kind', rsa.toString(), 'is of the type rsa'],
    ['too much', Buffer.alloc(20_000), 'more than 16384'],
  ])('with %s is refused, and its text is not repeated', async (_, contents, text) => {
    const file = join(temporaryDirectory(), 'x.pem');
    writeFileSync(file, contents);
    const error = await readSigningKey(file).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'SIGNATURE_KEY_INVALID', rawMessage: expect.stringContaining(text) });
    expect(String(error)).not.toContain('secret text');
  });

  it('that is not there is told', async () => {
    await expect(readSigningKey('/nowhere/x.pem')).rejects.toMatchObject({
      code: 'SIGNATURE_KEY_INVALID',
      rawMessage: 'key file "/nowhere/x.pem" cannot be read (ENOENT)',
    });
  });
});

describe('a file of trusted keys', () => {
  it('names keys with their times, and policies', async () => {
    const file = writeTrust(
      `
keys:
  - id: acme
    publicKeyFile: me.pub.pem
    validFrom: 2026-01-01
    validUntil: 2027-01-01T00:00:00+01:00
  - id: other
    publicKey: |
${createSigningKey().publicKey.replace(/^/gm, '      ')}
    revoked: true
policies:
  directory: off
`.replace('off', '"off"'),
    );

    expect(await readTrustFile(file)).toEqual({
      keys: [
        {
          id: 'acme',
          publicKey: pair.publicKey,
          validFromAt: Date.UTC(2026, 0, 1),
          validUntilAt: Date.UTC(2026, 11, 31, 23),
        },
        { id: 'other', publicKey: expect.stringContaining('PUBLIC KEY'), revoked: true },
      ],
      policies: { directory: 'off' },
    });
  });

  it('may be empty', async () => {
    expect(await readTrustFile(writeTrust(''))).toEqual({ keys: [], policies: {} });
  });

  it.each<[string, string, string]>([
    ['what is no YAML', 'keys: [', ''],
    ['a key without a name', 'keys: [{ publicKeyFile: me.pub.pem }]', 'keys.0.id must be a name'],
    ['a key without a key', 'keys: [{ id: a }]', 'keys.0 must have publicKey or publicKeyFile'],
    ['a key twice over', 'keys: [{ id: a, publicKey: x, publicKeyFile: y }]', 'keys.0 must have'],
    ['a file that is not there', 'keys: [{ id: a, publicKeyFile: none.pem }]', '(ENOENT)'],
    [
      'a time that is none',
      'keys: [{ id: a, publicKeyFile: me.pub.pem, validFrom: soon }]',
      'keys.0.validFrom must be a date',
    ],
    ['an unknown key', 'key: []', 'Unrecognized key'],
    ['a policy that is none', 'policies: { url: never }', 'policies.url must be required, warn or off'],
  ])('is refused with %s', async (_, text, problem) => {
    const error: unknown = await readTrustFile(writeTrust(text)).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'SIGNATURE_TRUST_INVALID' });
    expect(JSON.stringify(error)).toContain(problem);
  });

  it.each([
    ['keys: [{ id: a, publicKey: x }]', 'option "trust.keys[0].publicKey"'],
    ['keys: [{ id: a, publicKeyFile: me.pub.pem }, { id: b, publicKeyFile: me.pub.pem }]', 'is there twice'],
  ])('is refused with keys that cannot be used: %s', async (text, problem) => {
    await expect(readTrustFile(writeTrust(text))).rejects.toMatchObject({
      code: 'SIGNATURE_TRUST_INVALID',
      rawMessage: expect.stringContaining(problem),
    });
  });
});

describe('a lock file', () => {
  const LOCKED: LockedPlugin = { version: '1.0.0', digest: 'a'.repeat(64), signer: null, source: 'directory:/x' };

  it('is nothing at first, and then what was set, sorted', async () => {
    const file = join(temporaryDirectory(), 'troupe.lock.json');
    const lock = createLockFile(file);
    expect(await lock.read()).toEqual({});

    await Promise.all(['c', 'a', 'b'].map((name) => lock.set(name, LOCKED)));
    await lock.remove('b');

    expect(Object.keys(await createLockFile(file).read())).toEqual(['a', 'c']);
    expect(readFileSync(file, 'utf8')).toMatch(/^\{\n {2}"format": "troupe.lock\/v1",\n {2}"plugins": \{\n {4}"a"/);
    expect(readdirSync(join(file, '..'))).toEqual(['troupe.lock.json']);
  });

  it('keeps all of 50 changes at once', async () => {
    const lock = createLockFile(join(temporaryDirectory(), 'lock'));

    await Promise.all(Array.from({ length: 50 }, (_, index) => lock.set(`p${index}`, LOCKED)));

    expect(Object.keys(await lock.read())).toHaveLength(50);
  });

  it.each([
    '',
    '{}',
    '[]',
    '{"format":"troupe.lock/v2","plugins":{}}',
    '{"format":"troupe.lock/v1","plugins":{"a":{}}}',
  ])('that holds %j is refused and not replaced', async (text) => {
    const file = join(temporaryDirectory(), 'lock');
    writeFileSync(file, text);
    const lock = createLockFile(file);

    await expect(lock.set('a', LOCKED)).rejects.toMatchObject({ code: 'BUNDLE_LOCK_INVALID' });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('goes on after a change that failed', async () => {
    const file = join(temporaryDirectory(), 'lock');
    writeFileSync(file, 'x');
    const lock = createLockFile(file);
    const failed = lock.set('a', LOCKED);
    await expect(failed).rejects.toMatchObject({ code: 'BUNDLE_LOCK_INVALID' });
    writeFileSync(file, '{"format":"troupe.lock/v1","plugins":{}}');

    await lock.set('a', LOCKED);

    expect(await lock.read()).toEqual({ a: LOCKED });
  });

  it('finds what is not in the store as it is locked', async () => {
    const { store } = storeForTest();
    const { digest } = await store.stage({ kind: 'directory', path: directoryOf() });
    const lock = createLockFile(join(temporaryDirectory(), 'lock'));
    await lock.set('greeter', { ...LOCKED, digest });
    expect(await lock.verify(store)).toEqual([]);

    await lock.set('gone', LOCKED);
    await lock.set('greeter', { ...LOCKED, digest, version: '2.0.0' });
    await lock.set('other', { ...LOCKED, digest });

    expect((await lock.verify(store)).map(({ plugin, code }) => [plugin, code])).toEqual([
      ['gone', 'BUNDLE_UNKNOWN'],
      ['greeter', 'BUNDLE_LOCK_MISMATCH'],
      ['other', 'BUNDLE_LOCK_MISMATCH'],
    ]);
  });

  it('says which plugin differs, and in what', () => {
    const plugin = { name: 'kv', version: '1.0.0', digest: 'b'.repeat(64) };

    expect(() => requireLocked(undefined, plugin)).toThrow('plugin "kv" is not in the lock file');
    expect(() => requireLocked(LOCKED, plugin)).toThrow(/has the digest b+, and a+ is locked/);
    expect(() => requireLocked(LOCKED, { ...plugin, digest: LOCKED.digest })).not.toThrow();
  });

  it('tells where a plugin is from without what may be secret', () => {
    expect(sourceText({ kind: 'url', url: 'https://a.example/x.troupe?token=secret' })).toBe(
      'https://a.example/x.troupe',
    );
    expect(sourceText({ kind: 'archive', path: '/a/../b' })).toBe('archive:/b');
    expect(sourceText({ kind: 'bytes', bytes: Buffer.alloc(0) })).toBe('bytes');
  });
});

// Helpers

function writeTrust(text: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'me.pub.pem'), pair.publicKey);
  writeFileSync(join(directory, 'trust.yaml'), text);
  return join(directory, 'trust.yaml');
}
