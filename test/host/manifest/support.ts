// Helpers for the tests of manifests.

import type { ManifestInput, ManifestProblem } from '../../../src/host/index.ts';
import { checkManifest } from '../../../src/host/manifest/index.ts';
import type { Manifest } from '../../../src/host/manifest/index.ts';

/** The shortest manifest there is. */
export const SMALLEST: ManifestInput = {
  apiVersion: 'troupe.plugin/v1',
  name: 'greeter',
  version: '1.2.3',
  kinds: ['operations'],
  run: { node: './main.js' },
};

/** A manifest that says all that can be said. */
export const FULLEST: ManifestInput = {
  apiVersion: 'troupe.plugin/v1',
  name: 'greeter',
  version: '1.2.3-beta.1+build.5',
  description: 'Greets whoever comes.',
  author: 'The troupe',
  license: 'Apache-2.0',
  homepage: 'https://example.org/greeter',
  troupe: '>=0.1.0 <2',
  kinds: ['operations', 'validators', 'steps', 'events', 'modules', 'triggers', 'services'],
  run: {
    node: './main.js',
    args: ['--quiet'],
    cwd: './work',
    env: { GREETING: 'hello' },
    contract: 'troupe',
    handshake: { cookieKey: 'GREETER', cookieValue: 'yes' },
    versions: [1, 2],
    network: 'tcp',
    checksum: 'a'.repeat(64),
    checksumDirectory: './dist',
  },
  permissions: {
    events: { emit: ['greeting.*', 'guest.**'], subscribe: ['guest.*', 'room.**', 'house.**'] },
    net: ['example.org:443'],
    fs: { read: ['./data'], write: ['./data/cache'] },
    env: ['LANG', 'GREETER_*'],
    secrets: ['greeter-key'],
    capabilities: ['host.log'],
    services: ['cache'],
    childProcess: true,
    worker: true,
    addons: false,
  },
  events: {
    subscribe: ['guest.arrived', 'room.*.opened', 'house.**'],
    overflow: 'block',
    capacity: 10,
    maxBytes: 1024,
    blockMs: 100,
    rate_limit: 5,
  },
  depends: [{ name: 'door', version: '^1.0.0', optional: true }],
  provides: [{ service: 'greetings.v1', version: '1.1.0', description: 'Texts' }],
  requires: [{ service: 'cache', version: '>=2', optional: false }],
  placement: { allow: ['process', 'worker', 'inProcess', 'remote', 'wasm'], prefer: 'worker' },
  build: {
    entry: './src/main.ts',
    command: 'make',
    args: ['all'],
    env: { CI: '1' },
    output: './dist',
    watch: ['src/**'],
  },
  migrations: { directory: './migrations', reversible: true },
  config: {
    tone: { type: 'string', default: 'warm', enum: ['warm', 'cold'], description: 'How it sounds.' },
    limit: { type: 'integer', required: true, enum: [1, 2] },
    ratio: { type: 'number', default: 0.5 },
    loud: { type: 'boolean', default: false },
    names: { type: 'list', default: ['a'] },
    more: { type: 'object', default: { a: { b: [1, null] } } },
    key: { type: 'string', secret: true },
  },
  startFailure: 'abort',
  restart: 'never',
  deadlines: { startMs: 1000, handlerMs: 500, callMs: 2000, drainMs: 100, graceMs: 200, terminateMs: 300 },
  health: { intervalMs: 5000, timeoutMs: 1000, misses: 2 },
  annotations: { team: 'front' },
};

/** Checks a value as JSON. */
export function check(value: unknown): { readonly manifest?: Manifest; readonly problems: readonly ManifestProblem[] } {
  const checked = checkManifest(JSON.stringify(value, undefined, 2), 'json', '/plugins/greeter');
  return 'manifest' in checked ? { ...checked, problems: [] } : checked;
}

/** A copy of a value with another value at a path; `undefined` removes it. */
export function changed(value: unknown, path: string, to: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = path.split('/');
  let target: Record<string, unknown> = copy;
  for (const key of keys.slice(0, -1)) {
    target[key] ??= {};
    target = target[key] as Record<string, unknown>;
  }
  const last = keys.at(-1) as string;
  if (to === undefined) delete target[last];
  else target[last] = to;
  return copy;
}
