// Launches of programs whose first line is not quite a handshake line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc } from '@fast-check/vitest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { editedText } from '../../property-tests/arbitraries/edited-text.ts';
import { readCaptures } from '../fixtures/read-captures.ts';
import { hostForTest } from '../host/support.ts';
import { createOutcomes, FUZZ_PARAMETERS, FUZZ_PROCESSES, FUZZ_TIMEOUT_MS } from './outcomes.ts';

const DOCUMENTED = [
  'PLUGIN_EXITED_EARLY',
  'HANDSHAKE_TIMEOUT',
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
  'CONNECT_FAILED',
] as const;
/** A launch that gets as far as connecting to a socket that is not there takes this long. */
const START_TIMEOUT_MS = 400;
/** What the program does once it has printed its line. */
const AFTERWARDS = ['exec sleep 300', 'exec sleep 300', 'exit 3', 'exec >&-; sleep 300'];

describe('fuzz: a program that prints an odd first line', () => {
  it(`is refused with a documented code ${FUZZ_PROCESSES} times, with nothing left of it, and the host goes on`, {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const outcomes = createOutcomes('launch', DOCUMENTED);
    const test = hostForTest();
    const file = join(temporaryDirectory(), 'line');
    const before = test.holdings();

    const property = fc.asyncProperty(
      lines(),
      fc.constantFrom(...AFTERWARDS),
      fc.boolean(),
      async (line, then, insecure) => {
        writeFileSync(file, line);
        const command = { command: 'sh', args: ['-c', `cat "$1"; ${then}`, 'sh', file] };
        await outcomes.settle(() => test.odd({}, { ...command, insecure, startTimeoutMs: START_TIMEOUT_MS }));
        expect(test.host.plugins()).toEqual([]);
        await test.holdsOnly(before);
      },
    );
    await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: FUZZ_PROCESSES });

    const good = await test.probe();
    expect(await good.dispense('probe').echo({ text: 'goes on' })).toMatchObject({ text: 'goes on' });
    // Which ones is luck, with so few.
    expect(outcomes.finish([])).toEqual([]);
    expect(outcomes.distinct).toBeGreaterThanOrEqual(5);
  });
});

// Helpers

function temporaryDirectory(): string {
  const directory = mkdtempSync('/tmp/tf-');
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Never a line of the captures as it is: somebody might listen there. */
function lines(): fc.Arbitrary<string> {
  const captures = readCaptures().handshakeLines;
  const ending = fc.constantFrom('\n', '\n', '\n', '\n', '\nmore\n', '');
  return fc.tuple(editedText(captures), ending).map(([line, end]) => line + end);
}
