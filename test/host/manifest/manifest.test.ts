import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { HOST_VERSION } from '../../../src/host/host-version.ts';
import {
  checkManifest,
  manifestJsonSchema,
  pluginConfig,
  requireHostVersion,
} from '../../../src/host/manifest/index.ts';
import type { Manifest } from '../../../src/host/manifest/index.ts';
import pkg from '../../../package.json' with { type: 'json' };
import { NodeIndex } from '../../../src/host/manifest/node-index.ts';
import { changed, check, FULLEST, SMALLEST } from './support.ts';

const IS_MAPPING = 'must be a mapping';
const PATTERN = 'must be a pattern of event types';
const PATH = 'must be a path';

describe('a manifest', () => {
  it('with the 5 required keys is valid, and has every default', () => {
    expect(check(SMALLEST).manifest).toMatchObject({
      troupe: '*',
      run: { args: [], cwd: '.', env: {}, contract: 'troupe', network: 'unix' },
      permissions: { events: {}, net: [], fs: { read: [], write: [] }, env: [], childProcess: false },
      depends: [],
      provides: [],
      requires: [],
      placement: { allow: ['process'] },
      config: {},
      startFailure: 'continue',
      annotations: {},
    });
  });

  it('that says everything is valid, and means what it says', () => {
    const { manifest, problems } = check(FULLEST);

    expect(problems).toEqual([]);
    expect(manifest).toMatchObject(FULLEST);
  });

  it.each(['a\u001b[2K', 'a\nb', 'a\u202eb', 'a\u2028b', 'a\u0000'])('has no permission %j, in 7 places', (text) => {
    const events = { emit: [text], subscribe: [text] };
    const listed = { net: [text], env: [text], secrets: [text], fs: { read: [text], write: [text] } };
    const { problems } = check({ ...SMALLEST, permissions: { ...listed, events } });

    expect(problems.flatMap(({ path }) => (path.endsWith('[0]') ? [path] : [])).sort()).toEqual(
      ['env[0]', 'events.emit[0]', 'events.subscribe[0]', 'fs.read[0]', 'fs.write[0]', 'net[0]', 'secrets[0]'].map(
        (place) => `permissions.${place}`,
      ),
    );
  });

  it('has 5 keys that cannot be left out', () => {
    const { problems } = check({});

    expect(problems.map(({ path }) => path).sort()).toEqual(['apiVersion', 'kinds', 'name', 'run', 'version']);
    expect(problems.every(({ message }) => message.startsWith('is missing; it must'))).toBe(true);
  });

  it('tells all of 4 problems at once, in the order of the file, with line and column', () => {
    const text = [
      'apiVersion: troupe.plugin/v1',
      'name: "no spaces"',
      'version: 1.0.0',
      'kinds: [events]',
      'run: { node: a.js, command: b }',
      'events:',
      '  subscribe: [a..b]',
      'colour: red',
    ].join('\n');

    const checked = checkManifest(text, 'yaml', '/x');

    const problems = 'problems' in checked ? checked.problems : [];
    expect(problems.map(({ path, line, column }) => [path, line, column])).toEqual([
      ['name', 2, 1],
      ['run.node', 5, 8],
      ['events.subscribe[0]', 7, 15],
      ['colour', 8, 1],
    ]);
  });

  it('does not show what stands where passwords stand', () => {
    const { problems } = check(changed(FULLEST, 'run/env/KEY', 1234567));

    expect(problems).toMatchObject([{ path: 'run.env.KEY', message: expect.stringContaining('not a number') }]);
  });

  it.each<[path: string, value: unknown, at: string, message: string]>([
    ['apiVersion', 'troupe.plugin/v2', 'apiVersion', 'must be troupe.plugin/v1, not "troupe.plugin/v2"'],
    ['name', '', 'name', 'must be 1 to 128 letters'],
    ['name', 'a'.repeat(129), 'name', 'must be 1 to 128 letters'],
    ['name', '.', 'name', 'and not ".", ".." or "__proto__" alone'],
    ['name', '..', 'name', 'and not ".", ".." or "__proto__" alone'],
    ['name', '__proto__', 'name', 'and not ".", ".." or "__proto__" alone'],
    ['version', '1.2', 'version', 'must be a semantic version'],
    ['version', 'v1.2.3', 'version', 'must be a semantic version'],
    ['description', '', 'description', 'must be a text'],
    ['author', 1, 'author', 'must be a text, not 1'],
    ['license', {}, 'license', 'must be the name of a licence, not a mapping'],
    ['homepage', 'ftp://example.org', 'homepage', 'must be an address'],
    ['troupe', 'newer', 'troupe', 'must be a range of versions, such as ^1.2.0, not "newer"'],
    ['kinds', [], 'kinds', 'must name at least 1 kind'],
    ['kinds', ['dances'], 'kinds[0]', 'must be one of operations'],
    ['kinds', [...(FULLEST.kinds ?? []), 'steps'], 'kinds[7]', 'is "steps", as entry 2 is'],
    ['run', 'main.js', 'run', IS_MAPPING],
    ['run/node', '', 'run.node', 'must be the path of a file'],
    ['run/node', undefined, 'run.node', 'or run.command must be given'],
    ['run/command', './bin', 'run.node', 'excludes run.command'],
    ['run/args', [1], 'run.args[0]', 'put numbers in quotes'],
    ['run/cwd', '', 'run.cwd', 'must be the path of a directory'],
    ['run/env', { 'A B': 'x' }, 'run.env.A B', 'must be the name of a variable'],
    ['run/contract', 'gonext', 'run.contract', 'must be one of troupe, awf'],
    ['run/contract', 'awf', 'run.contract', 'must be troupe for a plugin that run.node starts'],
    ['run/handshake/cookieKey', '', 'run.handshake.cookieKey', 'must be the name of a variable'],
    ['run/handshake/cookieValue', undefined, 'run.handshake.cookieValue', 'is missing'],
    ['run/versions', [], 'run.versions', 'must name at least 1 version'],
    ['run/network', 'udp', 'run.network', 'must be one of unix, tcp'],
    ['run/checksum', 'abc', 'run.checksum', 'must be 64 hexadecimal digits'],
    ['run/checksum', undefined, 'run.checksum', 'is missing; run.checksumDirectory needs it'],
    ['run/checksumDirectory', undefined, 'run.checksumDirectory', 'is missing; run.checksum needs it'],
    ['permissions', [], 'permissions', IS_MAPPING],
    ['permissions/events/emit', ['a..b'], 'permissions.events.emit[0]', PATTERN],
    ['permissions/events/emit', ['a b'], 'permissions.events.emit[0]', PATTERN],
    ['permissions/events/subscribe', ['**.a'], 'permissions.events.subscribe[0]', PATTERN],
    ['permissions/net', 'all', 'permissions.net', 'must be a list of hosts'],
    ['permissions/fs/read', [''], 'permissions.fs.read[0]', PATH],
    ['permissions/fs/write', [1], 'permissions.fs.write[0]', PATH],
    ['permissions/env', ['A-B'], 'permissions.env[0]', 'must be the name of a variable'],
    ['permissions/secrets', [''], 'permissions.secrets[0]', 'must be the name of a secret'],
    ['permissions/capabilities', ['a b'], 'permissions.capabilities[0]', 'must be the name of a service'],
    ['permissions/services', ['.'], 'permissions.services[0]', 'must be the name of a service'],
    ['permissions/childProcess', 'yes', 'permissions.childProcess', 'must be true or false'],
    ['permissions/worker', 1, 'permissions.worker', 'must be true or false'],
    ['permissions/addons', null, 'permissions.addons', 'must be true or false'],
    ['events/subscribe', [''], 'events.subscribe[0]', PATTERN],
    ['events/subscribe', ['a*'], 'events.subscribe[0]', PATTERN],
    ['events/subscribe', ['guest.*', 'guest.**'], 'events.subscribe[1]', 'is not within permissions.events.subscribe'],
    ['events/subscribe', ['*'], 'events.subscribe[0]', 'is not within permissions.events.subscribe'],
    ['events/emit', ['a'], 'events.emit', 'is short for permissions.events.emit'],
    ['events/overflow', 'panic', 'events.overflow', 'must be one of dropNewest, dropOldest, reject, block'],
    ['events/capacity', 0, 'events.capacity', 'must be a whole number of at least 1'],
    ['events/maxBytes', 1.5, 'events.maxBytes', 'must be a whole number'],
    ['events/blockMs', 0, 'events.blockMs', '(milliseconds)'],
    ['events/rate_limit', -1, 'events.rate_limit', 'events a second'],
    ['depends', [{ name: 'greeter' }], 'depends[0].name', 'is the plugin itself'],
    ['depends', [{ name: 'a' }, { name: 'a' }], 'depends[1].name', 'is "a", as entry 0 is'],
    ['depends', [{ name: 'a', version: 'x.y' }], 'depends[0].version', 'must be a range of versions'],
    ['depends', [{ name: 'a', optional: 1 }], 'depends[0].optional', 'must be true or false'],
    ['provides', [{ service: 'a', version: '1' }], 'provides[0].version', 'must be a semantic version'],
    ['provides', [{ service: 'a' }, { service: 'a' }], 'provides[1].service', 'is "a", as entry 0 is'],
    ['provides', [{}], 'provides[0].service', 'is missing'],
    ['requires', [{ service: 'a', version: '>>1' }], 'requires[0].version', 'must be a range of versions'],
    ['placement/allow', ['moon'], 'placement.allow[0]', 'must be one of process, worker'],
    ['placement/allow', ['remote'], 'placement.prefer', 'must be one of placement.allow'],
    ['placement/prefer', 'moon', 'placement.prefer', 'must be one of process'],
    ['build/watch', 'src', 'build.watch', 'must be a list of paths'],
    ['build/output', '', 'build.output', 'must be the path of a directory'],
    ['migrations', {}, 'migrations.directory', 'is missing'],
    ['migrations/reversible', 'no', 'migrations.reversible', 'must be true or false'],
    ['config', { '1': { type: 'string' } }, 'config.1', 'must be a name of letters'],
    ['config/tone/type', 'text', 'config.tone.type', 'must be one of string, integer'],
    ['config/tone/default', 'sour', 'config.tone.default', 'must be one of the values of enum'],
    ['config/tone/default', 1, 'config.tone.default', 'must be of the type string'],
    ['config/tone/required', true, 'config.tone.default', 'is never used'],
    ['config/tone/enum', ['warm', 1], 'config.tone.enum[1]', 'must be of the type string'],
    ['config/tone/enum', [], 'config.tone.enum', 'must name at least 1 value'],
    ['config/loud', { type: 'boolean', enum: ['a'] }, 'config.loud.enum', 'is not for the type boolean'],
    ['config/key/secret', 'yes', 'config.key.secret', 'must be true or false'],
    ['startFailure', 'retry', 'startFailure', 'must be one of abort, continue'],
    ['restart', 'always', 'restart', 'must be one of onCrash, never'],
    ['deadlines/startMs', 0, 'deadlines.startMs', '(milliseconds)'],
    ['deadlines/drainMs', -1, 'deadlines.drainMs', '(milliseconds)'],
    ['health/misses', 0, 'health.misses', 'must be a whole number of at least 1'],
    ['annotations/team', 1, 'annotations.team', 'must be a string'],
  ])('with %s = %j is refused at %s', (path, value, at, message) => {
    const { problems } = check(changed(FULLEST, path, value));

    expect(problems).toContainEqual(expect.objectContaining({ path: at, message: expect.stringContaining(message) }));
    expect(problems.every(({ line }) => line !== undefined)).toBe(true);
  });

  it.each([
    '',
    'run',
    'permissions',
    'permissions/events',
    'permissions/fs',
    'events',
    'placement',
    'deadlines',
    'health',
  ])('has no key "colour" in "%s"', (place) => {
    const path = place === '' ? 'colour' : `${place}/colour`;
    const { problems } = check(changed(FULLEST, path, 'red'));

    const at = path.replaceAll('/', '.');
    expect(problems).toMatchObject([{ path: at, message: expect.stringContaining('is not known here; known are') }]);
  });

  it.each([
    ['events', 'events'],
    ['events', 'permissions.events.emit'],
    ['events', 'permissions.events.subscribe'],
    ['services', 'provides'],
  ])('without the kind "%s" cannot have %s', (kind, path) => {
    const { problems } = check({ ...FULLEST, kinds: FULLEST.kinds?.filter((other) => other !== kind) });

    const message = `needs the kind "${kind}", which kinds does not name`;
    expect(problems).toContainEqual(expect.objectContaining({ path, message }));
  });

  it.each(['worker', 'inProcess'] as const)('for the placement %s needs a file for Node.js', (kind) => {
    const { problems } = check({ ...SMALLEST, run: { command: './bin' }, placement: { allow: [kind] } });

    expect(problems).toMatchObject([{ path: 'placement.allow[0]', message: `is ${kind}, which needs run.node` }]);
  });
});

describe('the text of a manifest', () => {
  it.each(['yaml', 'json'] as const)(
    'tells the first 100 of 3,000 problems of %s, and how many more there are',
    (format) => {
      const keys = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, 1]));

      const checked = checkManifest(JSON.stringify({ ...SMALLEST, ...keys }, undefined, 2), format, '/x');

      const problems = 'problems' in checked ? checked.problems : [];
      expect(problems).toHaveLength(101);
      expect(problems[99]).toMatchObject({ path: 'k99', line: 110, column: 3 });
      expect(problems[100]).toMatchObject({ path: '', message: 'has 2900 more problems' });
    },
  );

  it.each<[string, string, 'yaml' | 'json']>([
    ['40,000 keys', Array.from({ length: 40_000 }, (_, index) => `k${index}: 1\n`).join(''), 'yaml'],
    ['30,000 keys', JSON.stringify(Array.from({ length: 30_000 }, (_, index) => ({ [`k${index}`]: 1 }))), 'json'],
    ['200,000 brackets', '['.repeat(200_000), 'yaml'],
    ['100,000 commas', `[${','.repeat(100_000)}]`, 'yaml'],
  ])('of %s has more than 100,000 parts, which is 1 problem', (_, text, format) => {
    const message = 'has more than 100000 words, marks, spaces and line ends';

    expect(checkManifest(text, format, '/x')).toMatchObject({ problems: [{ path: '', message }] });
    expect(checkManifest(text, format, '/x')).toHaveProperty('problems.length', 1);
  });

  it('of 30,000 brackets is too deep, which is 1 problem', () => {
    const message = 'is nested more than 64 levels deep';

    expect(checkManifest('['.repeat(30_000), 'yaml', '/x')).toMatchObject({ problems: [{ path: '', message }] });
  });

  it.each(['yaml', 'json'] as const)(
    'with 1 key 3 times, in a mapping of a list, is refused in %s with 2 places',
    (format) => {
      const text = '{ "a": 1,\n"b": [{ "c": 1,\n"c": 2,\n"c": 3 }] }';

      const checked = checkManifest(text, format, '/x');

      const problems = 'problems' in checked ? checked.problems : [];
      expect(problems.map(({ line, column, message }) => [line, column, message])).toEqual([
        [3, 1, 'has a key twice'],
        [4, 1, 'has a key twice'],
      ]);
    },
  );

  it('is looked through once for 2,000 problems in 1 mapping', () => {
    const document = parseDocument(Array.from({ length: 2_000 }, (_, index) => `k${index}: 1`).join('\n'));
    const index = new NodeIndex(document);
    index.offsetOf(['k0']);
    const { items } = document.contents as unknown as { items: unknown };

    // From here on the mapping itself is not asked again: it may even be empty.
    (items as unknown[]).length = 0;

    expect([index.offsetOf(['k1']), index.offsetOf(['k1999']), index.offsetOf(['none'])]).toEqual([6, 16_881, 0]);
  });

  it.each([
    ['yaml', 'a: [1\nb: 2', 2],
    ['yaml', 'a: 1\na: 2', 2],
    ['json', '{\n "a": 1,\n}', 3],
    ['json', '{ "a":\n', 2],
    ['json', '{ "a": 1,\n "a": 2 }', 2],
    ['json', 'nothing', 1],
  ] as const)('as %s that is broken tells the line: %j', (format, text, line) => {
    const checked = checkManifest(text, format, '/x');

    expect(checked).toMatchObject({ problems: [{ path: '', line }] });
  });

  it.each(['', 'null', '[]', '7', '"text"'])('that is %j instead of a mapping is refused', (text) => {
    expect(checkManifest(text, 'yaml', '/x')).toMatchObject({
      problems: [{ message: expect.stringContaining(IS_MAPPING) }],
    });
  });

  it('nested 100,000 deep is refused, in both forms', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);

    for (const format of ['yaml', 'json'] as const)
      expect(checkManifest(deep, format, '/x')).toHaveProperty('problems');
  });

  it('whose aliases would grow without limit is refused', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x]'];
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => pair.split(''))) {
      lines.push(`${name}: &${name} [${Array(8).fill(`*${before}`).join(', ')}]`);
    }

    expect(checkManifest(lines.join('\n'), 'yaml', '/x')).toMatchObject({ problems: [{ path: '' }] });
  });
});

describe('a manifest of awf', () => {
  const AWF = [
    'name: notify',
    'version: 1.0.0',
    'awf_version: ">=0.5.0 <1.0.0"',
    'capabilities: [operations, step_types, events]',
    'unknown: is ignored',
    'config: { url: { type: string, required: true } }',
    'events: { subscribe: ["workflow.*"], emit: ["notify.*"] }',
  ].join('\n');

  it('is read as one of ours, with the contract awf and the program that their host would start', () => {
    expect(checkManifest(AWF, 'yaml', '/plugins/notify')).toMatchObject({
      manifest: {
        name: 'notify',
        kinds: ['operations', 'steps', 'events'],
        run: { command: './awf-plugin-notify', contract: 'awf' },
        events: { subscribe: ['workflow.*'], capacity: 256 },
        permissions: { events: { emit: ['notify.*'] } },
        config: { url: { type: 'string', required: true, secret: false } },
      },
    });
  });

  it('tells all of 4 problems at once', () => {
    const text = 'name: 1x\nversion: "1"\nawf_version: new\ncapabilities: [dances]';
    const checked = checkManifest(text, 'yaml', '/plugins/x');

    const paths = 'problems' in checked ? checked.problems.map(({ path }) => path) : [];
    expect(paths).toEqual(['name', 'version', 'awf_version', 'capabilities[0]']);
  });
});

describe('the schema for editors', () => {
  it('is written in JSON Schema 2020-12, and knows 1 version of manifests and no further keys', () => {
    expect(manifestJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:troupe:plugin:v1',
      properties: { apiVersion: { const: 'troupe.plugin/v1' } },
      additionalProperties: false,
    });
  });
});

describe('the version of the host', () => {
  it('is that of the package', () => {
    expect(HOST_VERSION).toBe(pkg.version);
  });

  it.each([
    ['*', '0.1.0', true],
    ['^0.1.0', '0.1.9', true],
    ['^0.1.0', '0.2.0', false],
    ['>=1 <2', '1.4.0-beta.1', true],
    ['>=2', '1.9.9', false],
  ])('%s against %s: %s', (troupe, version, isFine) => {
    const refusal = refusalOf(() => requireHostVersion({ name: 'greeter', troupe }, version));

    const text = `[HOST_VERSION_UNSUPPORTED] plugin "greeter" needs troupe ${troupe}, and this is ${version}`;
    expect(refusal?.message).toBe(isFine ? undefined : text);
  });
});

describe('the configuration of a plugin', () => {
  const manifest = check(FULLEST).manifest as Manifest;

  it('is what was given and the defaults of 5 fields', () => {
    expect(pluginConfig(manifest, { limit: 2, tone: 'cold' })).toEqual({
      tone: 'cold',
      limit: 2,
      ratio: 0.5,
      loud: false,
      names: ['a'],
      more: { a: { b: [1, null] } },
    });
  });

  it('tells all of 4 problems, and no value', () => {
    const given = { tone: 'secret!', loud: 'yes', other: 1 };

    const error = refusalOf(() => pluginConfig(manifest, given));

    expect(error).toMatchObject({ code: 'PLUGIN_CONFIG_INVALID', details: { problems: { length: 4 } } });
    expect(String(error)).not.toContain('secret!');
  });

  it('of a plugin that takes none is nothing, or an error', () => {
    const none = check(SMALLEST).manifest as Manifest;

    expect(pluginConfig(none, undefined)).toBeUndefined();
    expect(() => pluginConfig(none, { a: 1 })).toThrow('config.a is not a field of the plugin; fields are none');
    expect(() => pluginConfig(none, 'text')).toThrow('config must be a mapping');
  });
});

// Helpers

function refusalOf(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
