import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source-files.ts';

const ALLOWED = /^(dist|proto|docs)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE)$/;

describe('the packed tarball', () => {
  it('holds nothing but build, protocol, documents and licence', async () => {
    const files = await packedFiles();

    expect(files.filter((file) => !ALLOWED.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md']));
  });

  it('holds no test, no tool and no machine for running Node.js', async () => {
    const files = await packedFiles();

    expect(files.filter((file) => /(^|\/)(test|tools|property-tests|bench|node_modules)\//.test(file))).toEqual([]);
    expect(files.filter((file) => /\.(test|prop|bench)\./.test(file))).toEqual([]);
  });
});

// Helpers

/** What `npm pack` would pack now, without building first. */
async function packedFiles(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  return packed?.files.map(({ path }) => path) ?? [];
}
