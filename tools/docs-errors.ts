// Writes docs/errors.md from the table of error codes. With `--check` it writes nothing and exits 1 when the page is
// not what would be written.

import { readFileSync, writeFileSync } from 'node:fs';
import { CODES } from '../src/errors/index.ts';
import type { Code, CodeInfo } from '../src/errors/index.ts';

/** Where the page lives. */
export const ERRORS_PAGE: URL = new URL('../docs/errors.md', import.meta.url);

const INTRODUCTION = `<!-- Generated from src/errors/codes.ts by tools/docs-errors.ts; change that table instead. -->

# Errors

Everything the package throws or rejects with is a \`RuntimeError\`, or a subclass of it where callers catch one kind:

| field | meaning |
| --- | --- |
| \`code\` | Stable name of the error, one of the table below. Branch on it, never on the text. |
| \`rawMessage\` | The text alone. It names the thing and the limit. \`message\` is \`[CODE] text\`. |
| \`retryable\` | Whether the same call, unchanged, may succeed a little later. |
| \`details\` | Facts for programs: names, limits, exit codes. Never secrets, never payloads. |
| \`cause\` | The error that led to this one, when there is one. |

\`isRuntimeError(value)\` recognises these errors also when they come from another copy of the package.
\`RuntimeError.from(value)\` turns anything thrown into one: a gRPC error gets the code of its status, everything else
becomes \`INTERNAL\` with the original as \`cause\`.

The gRPC status is what a peer sees when the error crosses a connection. On the way back only that status is known, so
that the other side gets the code of the same name.

## Codes
`;

/** The whole page. */
export function renderErrorsPage(): string {
  const codes = Object.entries(CODES) as [Code, CodeInfo][];
  const rows = codes.map(
    ([code, { grpc, retryable, meaning }]) =>
      `| \`${code}\` | \`${statusName(grpc)}\` | ${grpc} | ${retryable ? 'yes' : 'no'} | ${meaning} |`,
  );
  const head = ['| code | gRPC status | number | retryable | meaning |', '| --- | --- | --- | --- | --- |'];
  return `${[INTRODUCTION, ...head, ...rows].join('\n')}\n`;
}

/** The first 16 codes are gRPC's own statuses, from 1 up. */
function statusName(status: number): string {
  return Object.keys(CODES)[status - 1] ?? 'OK';
}

if (import.meta.main) {
  const page = renderErrorsPage();
  if (!process.argv.includes('--check')) {
    writeFileSync(ERRORS_PAGE, page);
  } else if (readFileSync(ERRORS_PAGE, 'utf8') !== page) {
    process.stderr.write('docs/errors.md is out of date: run npx node tools/docs-errors.ts\n');
    process.exitCode = 1;
  }
}
