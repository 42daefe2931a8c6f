// Plugins that are started with variables which no host would set.

import { existsSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { editedText } from '../../property-tests/arbitraries/edited-text.ts';
import { HANDSHAKE_VARIABLES, NETWORK_VARIABLE } from '../../src/transport/go-plugin/index.ts';
import { readCaptures } from '../fixtures/read-captures.ts';
import { HOST_VARIABLES, startBare } from '../sdk/support.ts';
import { createOutcomes, FUZZ_PARAMETERS, FUZZ_PROCESSES, FUZZ_TIMEOUT_MS } from './outcomes.ts';

/** A plugin takes longer to start than the programs that only print a line. */
const STARTS = Math.ceil(FUZZ_PROCESSES / 2);

type Variables = Readonly<Record<string, string>>;

describe('fuzz: a plugin that is started with odd variables', () => {
  it(`prints a handshake line or exits with code 1 and a reason, ${STARTS} times`, {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const outcomes = createOutcomes('handshake environment, processes', ['refused']);

    const property = fc.asyncProperty(environments(), async (env) => {
      const outcome = await start(env);
      outcomes.add(outcome);
    });
    await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: STARTS });

    expect(outcomes.finish(['refused', 'ok'])).toEqual([]);
  });
});

// Helpers

async function start(env: Variables): Promise<'ok' | 'refused'> {
  const plugin = startBare({ ...HOST_VARIABLES, ...env });
  const line = await plugin.line();
  plugin.child.kill('SIGTERM');
  const { code } = await plugin.ended;
  expect(plugin.sockets()).toEqual([]);
  // No stack of an error that nobody expected.
  expect(plugin.output.stderr).not.toMatch(/^\s+at /m);
  const isRefused = line === '';
  const [core, version, network = '', address = '', protocol] = line.split('|');
  expect([code, core, version, protocol]).toEqual(isRefused ? [1, '', undefined, undefined] : [0, '1', '1', 'grpc']);
  expect(plugin.output.stderr !== '' || !isRefused).toBe(true);
  expect(network === 'unix' && existsSync(address)).toBe(false);
  return isRefused ? 'refused' : 'ok';
}

/** What the hosts of the captures set, with some of it edited. No variable can hold a NUL. */
function environments(): fc.Arbitrary<Variables> {
  const captures = readCaptures().environments.map(withoutDirectory);
  const values = captures.flatMap((env) => Object.values(env));
  const name = fc.constantFrom(...HANDSHAKE_VARIABLES, NETWORK_VARIABLE);
  const value = fc.oneof(editedText(values), fc.string({ unit: 'binary' }), fc.constantFrom('0', '7', 'tcp', '.'));
  const edits = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 });
  return fc.tuple(fc.constantFrom(...captures), edits).map(([capture, changes]) => ({
    ...capture,
    ...Object.fromEntries(changes.map(([key, text]) => [key, text.replaceAll('\0', '').slice(0, 50_000)])),
  }));
}

/** The plugin keeps the directory that the test gives it. */
function withoutDirectory(env: Variables): Variables {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'PLUGIN_UNIX_SOCKET_DIR'));
}
