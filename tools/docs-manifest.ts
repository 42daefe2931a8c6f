// Writes docs/plugin-manifest.schema.json and docs/manifest.md from the schema of manifests. With `--check` it writes
// nothing and exits 1 when a file is not what would be written.

import { readFileSync, writeFileSync } from 'node:fs';
import { manifestJsonSchema } from '../src/host/manifest/index.ts';

/** Where the schema lives. */
export const MANIFEST_SCHEMA: URL = new URL('../docs/plugin-manifest.schema.json', import.meta.url);
/** Where the page lives. */
export const MANIFEST_PAGE: URL = new URL('../docs/manifest.md', import.meta.url);

const INTRODUCTION = `<!-- Generated from src/host/manifest by tools/docs-manifest.ts; change the schema instead. -->

# Manifests

A plugin that a host finds by itself has a manifest: \`plugin.yaml\` or \`plugin.json\` in a folder of its own, never both.

\`\`\`yaml
apiVersion: troupe.plugin/v1
name: greeter
version: 1.2.0
kinds: [operations, events]
run: { node: ./main.js }
events:
  subscribe: ['guest.*']
  emit: ['greeting.*']
\`\`\`

- \`host.start({ directories, manifests })\` runs what it finds. The first directory in which a name is found wins; what is
  no valid plugin is in the report's \`skipped\`, with what is wrong, its path and its line; 100 problems at most.
- A file has 256 KiB at most, and 100,000 words, marks, spaces and line ends.
- Whether a plugin that does not start takes the others with it says its \`startFailure\`, or the program.
- Keys that are not listed here are refused. Paths start at the folder of the manifest.
- \`permissions\` gate what the *host* does for a plugin. A plugin that runs as a process of this user has the user's rights.
- For editors: \`docs/plugin-manifest.schema.json\`.
- Acted upon today: who it is, \`troupe\`, \`kinds\`, \`run\`, \`events\`, \`permissions.events\`, \`permissions.env\`, \`depends\`,
  \`config\`, \`startFailure\`, \`restart\`, \`deadlines\` without \`callMs\`, \`health\`, and the placement \`process\`. The rest is
  checked and kept for the parts of the host that will use it.
- \`depends\` decides about the order of a start: a plugin is launched after everything that it needs takes calls. When one of
  those has failed, is nowhere or has a version out of its range, the plugin fails with DEPENDENCY_INACTIVE,
  DEPENDENCY_MISSING or DEPENDENCY_INCOMPATIBLE; plugins that need each other fail with DEPENDENCY_CYCLE and the way round.
  One that is \`optional\` is started before, when that is possible, and keeps nobody from running.
- Ranges of versions are those of npm: \`^1.2.0\`, \`~1.2\`, \`>=1.2 <2\`, \`1.2 - 1.4\`, \`^1 || ^3\`, \`*\`. A pre-release is a version
  just before its release: \`1.3.0-rc.1\` is in \`^1.2.0\` and in \`*\`, not in \`^1.3.0\`; \`2.0.0-rc.1\` is not in \`^1.2.0\`, and is in
  \`<2.0.0\`, as that is what the numbers say (\`<2.0.0-0\` leaves it out).
- A \`plugin.yaml\` with an \`awf_version\` is one of the awf command line. Its plugins run under the contract \`awf\`: they get
  events and have no way to emit, but in answer to one that comes by a single call.

## Keys
`;

/** A JSON Schema, as far as the page shows it. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape | false;
}

/** The schema as a file. */
export function renderManifestSchema(): string {
  return `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`;
}

/** The whole page. */
export function renderManifestPage(): string {
  const head = ['| key | what it takes | default | meaning |', '| --- | --- | --- | --- |'];
  return `${[INTRODUCTION, ...head, ...rowsOf(manifestJsonSchema() as Shape, '')].join('\n')}\n`;
}

function rowsOf(shape: Shape, prefix: string): string[] {
  const { properties = {}, required = [] } = shape;
  return Object.entries(properties).flatMap(([key, inner]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const fallback = required.includes(key) ? 'required' : inner.default === undefined ? '' : code(inner.default);
    const row = `| \`${path}\` | ${kindOf(inner)} | ${fallback} | ${inner.description ?? ''} |`;
    return [row, ...nestedOf(inner, path)];
  });
}

function nestedOf(shape: Shape, path: string): string[] {
  const { properties, items, additionalProperties } = shape;
  if (properties !== undefined) return rowsOf(shape, path);
  if (items?.properties !== undefined) return rowsOf(items, `${path}[]`);
  if (typeof additionalProperties === 'object' && additionalProperties.properties !== undefined) {
    return rowsOf(additionalProperties, `${path}.NAME`);
  }
  return [];
}

function kindOf(shape: Shape): string {
  if (shape.const !== undefined) return code(shape.const);
  if (shape.enum !== undefined) return shape.enum.map(code).join(', ');
  if (shape.type === 'array') return `list of ${shape.items === undefined ? 'anything' : kindOf(shape.items)}`;
  if (shape.type === 'object') return 'mapping';
  return shape.type ?? 'anything';
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

if (import.meta.main) {
  for (const [url, content] of [
    [MANIFEST_SCHEMA, renderManifestSchema()],
    [MANIFEST_PAGE, renderManifestPage()],
  ] as const) {
    if (!process.argv.includes('--check')) {
      writeFileSync(url, content);
    } else if (readFileSync(url, 'utf8') !== content) {
      process.stderr.write(`${url.pathname.split('/').slice(-2).join('/')} is out of date: run npm run docs\n`);
      process.exitCode = 1;
    }
  }
}
