// Reads the manifests of the awf command line: `plugin.yaml` with an `awf_version`. What they cannot say has our default.

import { basename } from 'node:path';
import { z } from 'zod';
import { eventsSchema } from './schema-events.ts';
import { API_VERSION } from './schema.ts';
import type { Manifest, PluginKind } from './schema.ts';

const NAME_RULE = 'must begin with a letter, followed by letters, digits, "_" and "-"';
const VERSION_RULE = 'must be a version, such as 1.2.0 or 1.2.0-beta';
const RANGE_RULE = 'must be versions with their comparisons, such as ">=0.5.0 <1.0.0"';
const CAPABILITY_RULE = 'must be one of operations, step_types, validators, events';
const CAPABILITIES = ['operations', 'step_types', 'validators', 'events'] as const;
const CONFIG_TYPES = ['string', 'integer', 'boolean'] as const;

const optionalText = z.string('must be a text').exactOptional();
const patterns = eventsSchema.shape.subscribe;

/** Their schema. As with their own host, keys that are not known are ignored. */
export const awfSchema = z.object(
  {
    name: z.string(NAME_RULE).regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/, NAME_RULE),
    version: z.string(VERSION_RULE).regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,64})?$/, VERSION_RULE),
    awf_version: z
      .string(RANGE_RULE)
      .max(256, RANGE_RULE)
      .regex(/^[<>=!]{0,2}\d{1,9}\.\d{1,9}\.\d{1,9}(?: +[<>=!]{0,2}\d{1,9}\.\d{1,9}\.\d{1,9})*$/, RANGE_RULE),
    description: optionalText,
    author: optionalText,
    license: optionalText,
    homepage: optionalText,
    capabilities: z
      .array(z.enum(CAPABILITIES, CAPABILITY_RULE), 'must be a list of capabilities')
      .min(1, 'must name at least 1 capability')
      .max(100, 'must name at most 100 capabilities'),
    config: z
      .record(
        z.string(),
        z.object(
          {
            type: z.enum(CONFIG_TYPES, `must be one of ${CONFIG_TYPES.join(', ')}`),
            required: z.boolean('must be true or false').default(false),
            default: z.union([z.string(), z.int(), z.boolean()], 'must be a plain value').exactOptional(),
            description: optionalText,
            enum: z.array(z.string('must be a string'), 'must be a list of strings').exactOptional(),
          },
          'must be a mapping',
        ),
        'must be a mapping',
      )
      .default({}),
    events: z.object({ subscribe: patterns, emit: patterns }, 'must be a mapping').exactOptional(),
  },
  'must be a mapping',
);

/** Whether a value is a manifest of theirs, right or wrong. */
export function isAwfManifest(value: unknown): boolean {
  const has = (key: string): boolean => Object.hasOwn(value as object, key);
  return typeof value === 'object' && value !== null && has('awf_version') && !has('apiVersion');
}

/**
 * Their manifest as one of ours. The program is where their host looks for it: `awf-plugin-NAME` in the directory of the
 * manifest, NAME being that of the directory.
 */
export function fromAwf(awf: z.output<typeof awfSchema>, directory: string): Manifest {
  const folder = basename(directory);
  const { name, version, description, author, license, homepage, events } = awf;
  const kinds = [...new Set(awf.capabilities.map((kind): PluginKind => (kind === 'step_types' ? 'steps' : kind)))];
  const hasEvents = kinds.includes('events');
  return {
    apiVersion: API_VERSION,
    name,
    version,
    ...withoutEmpty({ description, author, license, homepage }),
    troupe: '*',
    kinds,
    run: {
      command: `./${folder.startsWith('awf-plugin-') ? folder : `awf-plugin-${folder}`}`,
      args: [],
      cwd: '.',
      env: {},
      contract: 'awf',
      network: 'unix',
    },
    // What they may emit is kept for the record: their plugins have no way to do it but in answer to HandleEvent.
    permissions: {
      events: hasEvents ? { emit: events?.emit ?? [] } : {},
      net: [],
      fs: { read: [], write: [] },
      env: [],
      secrets: [],
      capabilities: [],
      services: [],
      childProcess: false,
      worker: false,
      addons: false,
    },
    ...(hasEvents ? { events: eventsSchema.parse({ subscribe: events?.subscribe ?? [] }) } : {}),
    depends: [],
    provides: [],
    requires: [],
    placement: { allow: ['process'] },
    config: Object.fromEntries(
      Object.entries(awf.config).map(([field, options]) => [field, { ...options, secret: false }]),
    ),
    startFailure: 'continue',
    deadlines: {},
    health: {},
    annotations: { 'awf.version': awf.awf_version },
  };
}

function withoutEmpty<T extends Record<string, string | undefined>>(texts: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined && text !== '')) as {
    [K in keyof T]?: string;
  };
}
