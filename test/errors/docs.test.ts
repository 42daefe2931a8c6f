import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../src/errors/index.ts';
import { ERRORS_PAGE, renderErrorsPage } from '../../tools/docs-errors.ts';

describe('docs/errors.md', () => {
  it('is what tools/docs-errors.ts writes', () => {
    expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(renderErrorsPage());
  });

  it('has one row for each code', () => {
    const rows = renderErrorsPage().match(/^\| `[A-Z_]+` \| `[A-Z_]+` \| \d+ \| (yes|no) \| .+ \|$/gm);

    expect(rows).toHaveLength(Object.keys(CODES).length);
    expect(rows).toContain('| `INIT_FAILED` | `FAILED_PRECONDITION` | 9 | no | the plugin refused its configuration |');
  });
});
