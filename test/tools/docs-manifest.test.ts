import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MANIFEST_PAGE, MANIFEST_SCHEMA, renderManifestPage, renderManifestSchema } from '../../tools/docs-manifest.ts';
import { FULLEST } from '../host/manifest/support.ts';

describe('the documents of the manifest', () => {
  it('are what the schema gives', () => {
    expect(readFileSync(MANIFEST_SCHEMA, 'utf8')).toBe(renderManifestSchema());
    expect(readFileSync(MANIFEST_PAGE, 'utf8')).toBe(renderManifestPage());
  });

  it('have a row for each of the keys at the top', () => {
    const rows = renderManifestPage().split('\n');

    const missing = Object.keys(FULLEST).filter((key) => !rows.some((row) => row.startsWith(`| \`${key}\` |`)));
    expect(missing).toEqual([]);
  });
});
