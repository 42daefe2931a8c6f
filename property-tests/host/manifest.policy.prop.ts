import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { checkManifest, manifestJsonSchema } from '../../src/host/manifest/index.ts';
import { editedManifest, manifestText } from '../arbitraries/manifest.ts';

const format = fc.constantFrom('yaml' as const, 'json' as const);

const SMALLEST = {
  apiVersion: 'troupe.plugin/v1',
  name: 'greeter',
  version: '1.2.3',
  kinds: ['operations'],
  run: { node: './main.js' },
};

describe('a manifest', () => {
  test.prop([manifestText(), format])('of any text is valid or has problems, and never throws', (text, kind) => {
    const checked = checkManifest(text, kind, '/plugins/x');

    const problems = 'problems' in checked ? checked.problems : [{ message: 'none' }];
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every(({ message }) => message.length > 0)).toBe(true);
  });

  test.prop([editedManifest()])('means the same in YAML and in JSON', (manifest) => {
    const text = JSON.stringify(manifest, undefined, 2);

    const [yaml, json] = [checkManifest(text, 'yaml', '/x'), checkManifest(text, 'json', '/x')];

    expect(yaml).toEqual(json);
  });

  test.prop([editedManifest()], { examples: [[{ ...SMALLEST, config: { a: { type: '__proto__' } } }]] })(
    'that is valid stays what it is when it is read again',
    (manifest) => {
      const checked = checkManifest(JSON.stringify(manifest), 'json', '/x');
      fc.pre('manifest' in checked);

      expect(checkManifest(JSON.stringify(checked.manifest), 'json', '/x')).toEqual(checked);
    },
  );

  test.prop([editedManifest()])('has each problem at a line of its own text', (manifest) => {
    const text = JSON.stringify(manifest, undefined, 2);
    const checked = checkManifest(text, 'json', '/x');
    fc.pre('problems' in checked);

    const lines = text.split('\n').length;
    expect(checked.problems.every(({ line = 0 }) => line >= 1 && line <= lines)).toBe(true);
  });

  test.prop([fc.constantFrom(...Object.keys(manifestJsonSchema()['properties'] as object))])(
    'without a key has a default for it, or says that it is missing',
    (key) => {
      const checked = checkManifest(JSON.stringify({ ...SMALLEST, [key]: undefined }), 'json', '/x');

      const paths = 'problems' in checked ? checked.problems.map(({ path }) => path) : [];
      expect(paths).toEqual(key in SMALLEST ? [key] : []);
    },
  );
});
