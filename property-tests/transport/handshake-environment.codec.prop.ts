import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';

import {
  HANDSHAKE_VARIABLES,
  handshakeEnvironment,
  readHandshakeEnvironment,
} from '../../src/transport/go-plugin/handshake-environment.ts';
import { MAX_APP_VERSION } from '../../src/transport/go-plugin/handshake-line.ts';
import { chooseVersion } from '../../src/transport/go-plugin/version-negotiation.ts';

const COOKIE = { cookieKey: 'TEST_PLUGIN', cookieValue: 'cookie' };

describe('the handshake environment', () => {
  test.prop({ versions: versionLists(), ports: fc.tuple(fc.nat(65_535), fc.nat(65_535)), group: fc.option(words()) })(
    'is read back as it was written',
    ({ versions, ports, group }) => {
      const [minPort = 0, maxPort = 0] = ports.toSorted((a, b) => a - b);
      const options = {
        ...COOKIE,
        versions,
        minPort,
        maxPort,
        socketDirectory: '/tmp/d',
        socketGroup: group ?? undefined,
      };

      const request = readHandshakeEnvironment(handshakeEnvironment(options), COOKIE);

      expect(request).toEqual({
        versions,
        minPort,
        maxPort,
        socketDirectory: '/tmp/d',
        ...(group === null ? {} : { socketGroup: group }),
        multiplexAsked: false,
        ignored: [],
      });
    },
  );

  test.prop({ values: fc.dictionary(fc.constantFrom(...HANDSHAKE_VARIABLES), hostileValues()) })(
    'never stops a plugin whose cookie is right, and gives it only usable numbers',
    ({ values }) => {
      const request = readHandshakeEnvironment({ ...values, TEST_PLUGIN: 'cookie' }, COOKIE);

      const numbers = [...request.versions, request.minPort, request.maxPort];
      expect(numbers.filter((number) => !Number.isSafeInteger(number) || number < 0)).toEqual([]);
      expect(new Set(request.versions).size).toBe(request.versions.length);
      expect(request.ignored.join('')).not.toMatch(/\p{Cc}/u);
      expect(request.multiplexAsked).toBe((values['PLUGIN_MULTIPLEX_GRPC'] ?? '') !== '');
    },
  );
});

describe('chooseVersion', () => {
  test.prop({ plugin: versionLists(), host: fc.array(fc.nat(5), { maxLength: 5 }) })(
    "serves the highest common version, or the plugin's lowest",
    ({ plugin, host }) => {
      const chosen = chooseVersion(plugin, host);

      const better = plugin.filter((version) => version > chosen && host.includes(version));
      const lower = plugin.filter((version) => version < chosen);
      expect(plugin).toContain(chosen);
      expect(better).toEqual([]);
      if (!host.includes(chosen)) {
        expect(lower).toEqual([]);
        expect(plugin.filter((version) => host.includes(version))).toEqual([]);
      }
    },
  );
});

// Helpers

function versionLists(): fc.Arbitrary<number[]> {
  const version = fc.oneof({ weight: 5, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(MAX_APP_VERSION) });
  return fc.uniqueArray(version, { minLength: 1, maxLength: 6 });
}

function words(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
}

function hostileValues(): fc.Arbitrary<string> {
  const list = fc.array(fc.oneof(fc.nat(9).map(String), fc.string({ maxLength: 4 })), { maxLength: 6 });
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    list.map((items) => items.join(',')),
    fc.integer().map(String),
  );
}
