import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { contractsText } from '../../src/cli/admin/contracts-view.ts';
import { checksText } from '../../src/cli/admin/doctor/checks-text.ts';
import { consentQuestion, pluginDetails, pluginLine } from '../../src/cli/admin/plugin-view.ts';
import { askConsent } from '../../src/cli/dev/ask-consent.ts';
import { permissionLines } from '../../src/cli/dev/compare-permissions.ts';
import { diffText } from '../../src/cli/dev/diff-plugins.ts';
import { factLines } from '../../src/cli/dev/fact-lines.ts';
import { errorText } from '../../src/cli/error-text.ts';
import { oneLine, printable } from '../../src/cli/printable.ts';
import { createSpeaker } from '../../src/cli/run/speaker.ts';
import { RuntimeError } from '../../src/errors/index.ts';
import type { PluginInfo } from '../../src/gen/troupe/admin/v1/admin.ts';
import { createVirtualClock } from '../../src/ports/index.ts';

const plain = (_: string, text: string): string => text;
/** Clears the line, goes to its start, begins another one, and turns the direction of writing. */
const EVIL = 'net:a\u001b[2K\rfs.read:.\nroot is safe\u2028x\u202ey\u009b8m';

describe('printable', () => {
  it('leaves line breaks and takes out what moves the cursor or turns the text', () => {
    // oxlint-disable-next-line no-control-regex
    expect(printable(EVIL)).not.toMatch(/[\u001b\r\u202e\u009b]/);
    expect(printable('a\nb\tc')).toBe('a\nb\tc');
  });

  it('makes 1 line of 3', () => {
    expect(oneLine('a\n b\r\nc\u2028d')).toBe('a b c d');
  });
});

describe('what a plugin has written', () => {
  it.each<[string, () => string, number]>([
    ['the details of a plugin', () => pluginDetails(info()), 11],
    ['the line of a plugin', () => `${pluginLine(info())}\n`, 1],
    ['a question for consent', () => `${consentQuestion(info())?.text}\n`, 1],
    ['contracts', () => contractsText([contracts()]), 3],
    ['checks', () => checksText([{ name: 'x', status: 'ok', message: EVIL, details: [EVIL] }], plain), 3],
    ['a difference', () => diffText({ ...named, added: [EVIL], removed: [EVIL], unchanged: [EVIL], sensitive: [] }), 4],
    ['permissions of a build', () => `${permissionLines(change(), true).join('\n')}\n`, 2],
    ['a build', () => factLines(built(), plain, true).out ?? '', 1],
    ['a problem of a file', () => errorText(new RuntimeError('UNKNOWN', EVIL, { details: { problems: [EVIL] } })), 2],
    ['what a host says', () => spoken(), 1],
  ])('is %s without what a terminal obeys, and with no line of its own', (_, text, lines) => {
    const shown = text();

    expect(shown.match(/\n/g)).toHaveLength(lines);
    // oxlint-disable-next-line no-control-regex
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  });

  it('is in 1 line of a question in a terminal', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    const asked = askConsent([EVIL], { input, output }, new AbortController().signal);
    input.write('n\n');

    expect(await asked).toBe(false);
    expect(String(output.read())).toBe('consent to net:a fs.read:. root is safe x?y? [y/N] ');
  });
});

// Helpers

const named = { before: { name: EVIL, version: '1' }, after: { name: EVIL, version: '2' } };

function info(): PluginInfo {
  const failure = { code: 'UNKNOWN', message: EVIL, phase: 'active', at: 0n };
  const numbers = { abiVersion: 1, installedAt: 0n, activatedAt: 0n, rowVersion: 1n, crashes: 0 };
  const texts = { name: 'kv', version: '1.0.0', state: 'errored', incarnation: 'i', digest: 'd'.repeat(64) };
  return {
    ...texts,
    ...numbers,
    permissions: [EVIL],
    awaitingConsent: [EVIL],
    failure,
    process: undefined,
    versions: [
      { version: EVIL, role: 'staged', digest: 'e'.repeat(64), installedAt: 0n, retainedUntil: 0n, installId: 'x' },
    ],
  };
}

function contracts(): Parameters<typeof contractsText>[0][number] {
  const lists = { services: [], operations: [{ name: EVIL, description: EVIL, inputSchemaJson: '' }], steps: [] };
  return { plugin: EVIL, version: EVIL, kinds: [EVIL], ...lists, subscribes: [EVIL], emits: [], error: undefined };
}

function change(): Parameters<typeof permissionLines>[0] {
  return { isKnown: true, all: [EVIL], added: [EVIL], removed: [EVIL], sensitive: [] };
}

function built(): Parameters<typeof factLines>[0] {
  const artifact = { name: EVIL, version: EVIL, digest: 'd'.repeat(64) };
  return { type: 'build.finished', artifact } as unknown as Parameters<typeof factLines>[0];
}

function spoken(): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  vi.stubEnv('NO_COLOR', '1');
  createSpeaker(createVirtualClock())(EVIL, EVIL, 'bad');
  spy.mockRestore();
  vi.unstubAllEnvs();
  return text;
}
