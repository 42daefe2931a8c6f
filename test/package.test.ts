import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { ROOT } from './source-files.ts';

describe('package.json', () => {
  it('lists under each door the source first, then the types, then the build', () => {
    for (const [door, target] of Object.entries(packageJson.exports)) {
      if (typeof target === 'string') continue;
      const folder = door === '.' ? '' : `${door.slice(2)}/`;

      expect(Object.entries(target)).toEqual([
        ['source', `./src/${folder}index.ts`],
        ['types', `./dist/${folder}index.d.ts`],
        ['default', `./dist/${folder}index.js`],
      ]);
    }
  });

  it('pins every dependency to one version', () => {
    const versions = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies });

    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('ships no tests, no tools and no sources', () => {
    const folders = packageJson.files.filter((name) => !/^(!|[A-Z])/.test(name));

    expect(folders).toEqual(['dist', 'proto', 'docs']);
  });

  it('asks for Node.js 22.22, from which on types are stripped without a flag', () => {
    expect(packageJson.engines.node).toBe('>=22.22');
  });
});

describe('package-lock.json', () => {
  it('names no address of a registry', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');

    expect(lock.match(/https?:\/\/[^"]+\.tgz/g)).toBeNull();
  });
});
