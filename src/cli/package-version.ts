import { createRequire } from 'node:module';

/** Version of this package. */
export function version(): string {
  // Two folders up is the package, both from `src/cli` and from `dist/cli`.
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}
