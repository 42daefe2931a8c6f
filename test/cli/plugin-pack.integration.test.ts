import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgressLine, fileProgress } from '../../src/cli/bundles/progress.ts';
import { directoryOf, PLUGIN, rawBundle } from '../host/bundles/support.ts';
import { runTroupe, temporaryDirectory } from './support.ts';

describe('troupe plugin keygen, pack, sign and verify', () => {
  it('make, sign and check a bundle', async () => {
    const place = temporaryDirectory();
    const plugin = directoryOf();
    const run = (...args: readonly string[]): ReturnType<typeof runTroupe> =>
      runTroupe(['plugin', ...args], { cwd: place });

    const made = await run('keygen', '--out', 'me', '--json');
    const { fingerprint } = JSON.parse(made.stdout) as { fingerprint: string };
    writeFileSync(join(place, 'trust.yaml'), 'keys: [{ id: me, publicKeyFile: me.pub.pem }]');
    const packed = await run('pack', plugin);
    const unsigned = await run('verify', 'greeter-1.0.0.troupe', '--trust', 'trust.yaml');
    const signed = await run('sign', 'greeter-1.0.0.troupe', '--key', 'me.key.pem', '--json');
    const verified = await run('verify', 'greeter-1.0.0.troupe', '--trust', 'trust.yaml');

    expect(packed.stdout).toMatch(
      /^packed .*\/greeter-1\.0\.0\.troupe: greeter 1\.0\.0, 3 files, 1 KiB, 1 KiB packed\n {2}digest {2}[0-9a-f]{64}\n {2}signed {2}by nobody\n$/,
    );
    expect(unsigned).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'error [SIGNATURE_MISSING]: bundle "greeter-1.0.0.troupe" has no signature\n',
    });
    expect(JSON.parse(signed.stdout)).toMatchObject({
      name: 'greeter',
      files: 3,
      totalBytes: 135,
      signatures: [fingerprint],
    });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain(`  signed  by me (${fingerprint.slice(0, 16)})\n`);
  });

  it('pack and sign in one step, and check a directory and a lock file', async () => {
    const place = temporaryDirectory();
    const plugin = directoryOf();
    const run = (...args: readonly string[]): ReturnType<typeof runTroupe> =>
      runTroupe(['plugin', ...args], { cwd: place });
    await run('keygen');
    const packed = await run('pack', plugin, '--sign', 'troupe-signing.key.pem', '--out', 'x.troupe', '--json');
    const { digest, version, signatures } = JSON.parse(packed.stdout) as Record<string, string>;
    const locked = { version, digest, signer: null, source: 'bytes' };
    writeFileSync(join(place, 'lock'), JSON.stringify({ format: 'troupe.lock/v1', plugins: { greeter: locked } }));

    const directory = await run('verify', plugin, '--lock', 'lock', '--json');
    const bundle = await run('verify', 'x.troupe');
    writeFileSync(join(plugin, 'main.js'), 'changed');
    const changed = await run('verify', plugin, '--lock', 'lock', '--json');

    expect(signatures).toHaveLength(1);
    expect(JSON.parse(directory.stdout)).toMatchObject({
      ok: true,
      digest,
      signer: null,
      signatures: [],
      warnings: [],
    });
    expect(bundle.stdout).toContain(', which nobody vouches for; --trust names a file of trusted keys');
    expect(changed).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(changed.stdout)).toMatchObject({ ok: false, error: { code: 'BUNDLE_LOCK_MISMATCH' } });
  });

  it.each<[string, readonly string[], number, string]>([
    [
      'a bundle that is damaged',
      ['verify', 'bad.troupe'],
      1,
      '[BUNDLE_CORRUPT]: bundle "bad.troupe": "main.js" has other contents',
    ],
    [
      'a bundle that is not there',
      ['sign', 'none.troupe', '--key', 'key'],
      1,
      '[SIGNATURE_KEY_INVALID]: key file "key" holds no private key in PEM',
    ],
    [
      'a key that is not there',
      ['pack', '.', '--sign', 'none'],
      1,
      '[SIGNATURE_KEY_INVALID]: key file "none" cannot be read (ENOENT)',
    ],
    ['a directory without a manifest', ['pack', '.'], 1, '[MANIFEST_NOT_FOUND]'],
    ['no key', ['sign', 'bad.troupe'], 2, "required option '--key <file>' not specified"],
    ['no bundle', ['verify'], 2, "missing required argument 'bundle'"],
    ['an unknown option', ['pack', '.', '--jsn'], 2, "unknown option '--jsn' (did you mean --json?)"],
  ])('end with a code and a reason: %s', async (_, args, code, text) => {
    const place = temporaryDirectory();
    writeFileSync(join(place, 'bad.troupe'), rawBundle(PLUGIN, [{ name: 'main.js', contents: 'console.log(2);\n' }]));
    writeFileSync(join(place, 'key'), 'no key');

    const result = await runTroupe(['plugin', ...args], { cwd: place });

    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });

  it.each(['pack', 'sign', 'verify', 'keygen'])('explain themselves: %s', async (name) => {
    const { code, stdout } = await runTroupe(['plugin', name, '--help']);

    expect(code).toBe(0);
    expect(stdout).toContain('print one JSON object and nothing else');
  });

  it('do not replace keys', async () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, 'troupe-signing.key.pem'), 'mine');

    const { code, stderr } = await runTroupe(['plugin', 'keygen'], { cwd: place });

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/BUNDLE_OUTPUT_REFUSED.* is there already/),
    });
    expect(readFileSync(join(place, 'troupe-signing.key.pem'), 'utf8')).toBe('mine');
  });
});

describe('createProgressLine', () => {
  it('writes over its line on a terminal, cut to its width, and removes it', () => {
    const written: string[] = [];
    const line = createProgressLine({ isTTY: true, columns: 12, write: (text) => written.push(String(text)) > 0 });

    line.show('packing \u001b[31ma very long name');
    line.end();
    line.end();

    expect(written).toEqual(['\r\u001b[Kpacking a v', '\r\u001b[K']);
  });

  it('writes nothing elsewhere', () => {
    const written: string[] = [];
    const line = createProgressLine({ isTTY: false, columns: 80, write: (text) => written.push(String(text)) > 0 });

    line.show('packing');
    line.end();

    expect(written).toEqual([]);
  });

  it('shows 200 steps of 10,000 files', () => {
    const shown: string[] = [];
    const report = fileProgress({ show: (text) => void shown.push(text), end: () => {} }, 'packing');

    for (let index = 0; index < 10_000; index += 1) report('f', index, 10_000);

    expect(shown).toHaveLength(200);
    expect(shown[1]).toBe('packing 51/10000 f');
  });
});
