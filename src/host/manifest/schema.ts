// The schema `troupe.plugin/v1`: everything that a manifest can say. What needs more than one value to be judged is in
// cross-checks.ts, since a schema looks at none of that once it has found another problem.

import { z } from 'zod';
import { configFieldSchema, eventsSchema, permissionsSchema, serviceName } from './schema-events.ts';
import { flag, formed, list, oneOf, strict, text } from './schema-parts.ts';
import {
  buildSchema,
  deadlinesSchema,
  healthSchema,
  migrationsSchema,
  placementSchema,
  runSchema,
} from './schema-run.ts';

/** What `apiVersion` says in a manifest of this schema. */
export const API_VERSION = 'troupe.plugin/v1';

/** What a plugin can contribute. */
export const KINDS = ['operations', 'validators', 'steps', 'events', 'modules', 'triggers', 'services'] as const;

const NAME_RULE = 'must be 1 to 128 letters, digits, ".", "_" or "-", and not ".", ".." or "__proto__" alone';
// The last one is no key in JSON that others read: a plugin of that name would be in no lock file.
const NAME = /^(?!(?:\.{1,2}|__proto__)$)[A-Za-z0-9._-]{1,128}$/;
const VERSION_RULE = 'must be a semantic version, such as 1.2.0';
// As semver.org gives it, with bounded numbers: a version that passes can be compared with any other.
const VERSION =
  /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const RANGE_RULE = 'must be a range of versions, such as ^1.2.0';
const MAPPING_RULE = 'must be a mapping';

const name = formed(NAME, NAME_RULE);
const version = formed(VERSION, VERSION_RULE).max(256, VERSION_RULE);
const range = text(RANGE_RULE, 256);
const isOptional = flag().default(false).describe('Whether the plugin also works without.');

const dependency = strict({
  name: name.describe('Name of the other plugin.'),
  version: range.default('*').describe('Range of its versions.'),
  optional: isOptional,
});

const provided = strict({
  service: serviceName.describe('Name of the service.'),
  version: version.default('1.0.0').describe('Version of its contract.'),
  description: text('must be a text').exactOptional().describe('One line for people.'),
});

const required = strict({
  service: serviceName.describe('Name of the service.'),
  version: range.default('*').describe('Range of the versions of its contract.'),
  optional: isOptional,
});

const fieldName = formed(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/, 'must be a name of letters, digits, "_", "." and "-"');

/** The schema of a manifest. */
export const manifestSchema = strict({
  apiVersion: z.literal(API_VERSION, `must be ${API_VERSION}`).describe('The schema that the manifest follows.'),
  name: name.describe('Name of the plugin: letters, digits, `.`, `_` and `-`.'),
  version: version.describe('Semantic version of the plugin.'),
  description: text('must be a text').exactOptional().describe('One line for people.'),
  author: text('must be a text').exactOptional().describe('Who made it.'),
  license: text('must be the name of a licence').exactOptional().describe('SPDX name of its licence.'),
  homepage: z
    .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
    .exactOptional()
    .describe('Where to read more.'),
  troupe: range.default('*').describe('Range of the versions of the host that the plugin works with.'),
  kinds: list(oneOf(KINDS), 'must be a list of kinds')
    .min(1, 'must name at least 1 kind')
    .describe('What the plugin contributes.'),
  run: runSchema.describe('How the plugin is started.'),
  permissions: permissionsSchema.prefault({}).describe('What the plugin may do; what is not granted is denied.'),
  events: eventsSchema.exactOptional().describe('What the plugin does with events. Needs the kind `events`.'),
  depends: list(dependency, 'must be a list of plugins').default([]).describe('Plugins that this one needs.'),
  provides: list(provided, 'must be a list of services')
    .default([])
    .describe('Services that the plugin offers to others. Needs the kind `services`.'),
  requires: list(required, 'must be a list of services').default([]).describe('Services that the plugin needs.'),
  placement: placementSchema.prefault({}).describe('Where the plugin can run.'),
  build: buildSchema.exactOptional().describe('How the plugin is made from its sources.'),
  migrations: migrationsSchema.exactOptional().describe('Changes to stored data that come with the plugin.'),
  config: z
    .record(fieldName, configFieldSchema, {
      error: (issue) =>
        issue.code === 'invalid_key' ? 'must be a name of letters, digits, "_", "." and "-"' : MAPPING_RULE,
    })
    .default({})
    .describe('The fields of the configuration that the plugin takes, by their names.'),
  startFailure: oneOf(['abort', 'continue'])
    .default('continue')
    .describe('What a failed start means to the other plugins: `abort` stops them all.'),
  restart: oneOf(['onCrash', 'never'])
    .exactOptional()
    .describe('What happens after a crash. Default: that of the host.'),
  deadlines: deadlinesSchema.prefault({}).describe('How long things may take. Defaults: those of the host.'),
  health: healthSchema.prefault({}).describe('How the plugin is watched. Defaults: those of the host.'),
  annotations: z
    .record(z.string(), z.string('must be a string; put numbers and booleans in quotes'), MAPPING_RULE)
    .default({})
    .describe('Short texts for other programs; the host does not look at them.'),
});

/** A manifest with its defaults filled in. */
export type Manifest = z.output<typeof manifestSchema>;
/** A manifest as its author writes it. */
export type ManifestInput = z.input<typeof manifestSchema>;
/** What a plugin contributes. */
export type PluginKind = Manifest['kinds'][number];

/** The schema as JSON Schema (2020-12), for editors. */
export function manifestJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(manifestSchema, { io: 'input' });
  return { $schema, $id: 'urn:troupe:plugin:v1', title: 'Manifest of a troupe plugin', ...rest };
}
