import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initPlugin, TEMPLATES } from '../../../../src/cli/dev/init/init-plugin.ts';
import type { TemplateName } from '../../../../src/cli/dev/init/init-plugin.ts';
import { temporaryDirectory } from '../../support.ts';

const NAMES = Object.keys(TEMPLATES) as TemplateName[];

describe('initPlugin', () => {
  it.each(['file', 'file/below'])('says of %s that a file is in the way', async (path) => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'file'), '');

    await expect(init(join(root, path), 'typescript')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      rawMessage: `${join(root, path)} is a file, or lies below one; take another name`,
    });
  });

  it('says what has to be fetched before the first build of a plugin in Go', async () => {
    const directory = join(temporaryDirectory(), 'kv');

    expect((await init(directory, 'go')).next).toEqual([
      `(cd ${directory} && go mod tidy)`,
      `troupe plugin test ${directory}`,
    ]);
  });

  it.each(NAMES)('keeps the data of the host out of the directory of the plugin: %s', async (template) => {
    const directory = join(temporaryDirectory(), 'kv');
    await init(directory, template);

    const readme = readFileSync(join(directory, 'README.md'), 'utf8');
    expect([...readme.matchAll(/--data (\S+)/g)].map(([, path]) => path)).toEqual(['../data', '../data', '../data']);
  });
});

// Helpers

function init(directory: string, template: TemplateName): ReturnType<typeof initPlugin> {
  return initPlugin({ directory, template, version: '1.0.0' });
}
