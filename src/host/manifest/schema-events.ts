// What a manifest says about events, and what the plugin may do.

import { z } from 'zod';
import { flag, formed, list, milliseconds, oneOf, plainText, strict, text, whole } from './schema-parts.ts';

const PATTERN_RULE =
  'must be a pattern of event types: segments with dots between them, "*" for one segment, "**" at the end for any';
// `*` and `**` alone are everything; `**` elsewhere than at the end is a mistake.
const PATTERN =
  /^(?=.{1,256}$)(?:\*\*|(?:\*|[^\s.*\p{Cc}\p{Cs}\p{Bidi_C}]+)(?:\.(?:\*|[^\s.*\p{Cc}\p{Cs}\p{Bidi_C}]+))*(?:\.\*\*)?)$/u;
const PATTERNS_RULE = 'must be a list of patterns of event types';
const NAMES_RULE = 'must be a list of names of variables; a name may end with "*"';
const PATHS_RULE = 'must be a list of paths; relative ones start at the manifest';
const SERVICE_RULE = 'must be the name of a service: letters, digits, "_" and "-", with dots between segments';

/** Names of services that plugins provide to each other. */
export const serviceName = formed(/^(?=.{1,256}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/, SERVICE_RULE);

const patterns = list(formed(PATTERN, PATTERN_RULE), PATTERNS_RULE);
const paths = list(plainText('must be a path'), PATHS_RULE);

/** What the plugin does with events. */
export const eventsSchema = strict({
  subscribe: patterns.default([]).describe('Types of the events that the plugin gets.'),
  emit: patterns
    .exactOptional()
    .describe('Types of the events that the plugin may emit: short for `permissions.events.emit`, give one of them.'),
  overflow: oneOf(['dropNewest', 'dropOldest', 'reject', 'block'])
    .default('dropNewest')
    .describe('What happens to an event when the queue of the plugin is full.'),
  capacity: whole(1, ' events').default(256).describe('Events that may wait for the plugin.'),
  maxBytes: whole(1, ' bytes')
    .default(64 * 1024 * 1024)
    .describe('Bytes of events that may wait for the plugin.'),
  blockMs: milliseconds(1)
    .exactOptional()
    .describe('Milliseconds that `block` holds a publisher back at most. Default: that of the host.'),
  rate_limit: whole(1, ' events a second')
    .default(1000)
    .describe('Events without a cause that the plugin may emit in a second.'),
});

/** What the plugin may do; what is not granted is denied. */
export const permissionsSchema = strict({
  events: strict({
    emit: patterns.exactOptional().describe('Types of the events that the plugin may emit.'),
    subscribe: patterns
      .exactOptional()
      .describe('Types of the events that the plugin may get. Default: those of `events.subscribe`.'),
  })
    .prefault({})
    .describe('Rights on the bus.'),
  net: list(plainText('must be a host, or a host and a port: example.org:443'), 'must be a list of hosts')
    .default([])
    .describe('Hosts that the plugin may connect to, as far as its placement can hold it to that; `*` is all.'),
  fs: strict({
    read: paths.default([]).describe('Files and directories that the plugin may read.'),
    write: paths.default([]).describe('Files and directories that the plugin may write.'),
  })
    .prefault({})
    .describe('Rights on files, as far as the placement of the plugin can hold it to them.'),
  env: list(formed(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'must be the name of a variable; it may end with "*"'), NAMES_RULE)
    .default([])
    .describe("Variables of the host's environment that the plugin inherits, besides the harmless ones."),
  secrets: list(plainText('must be the name of a secret'), 'must be a list of names of secrets')
    .default([])
    .describe('Secrets that the host gives the plugin.'),
  capabilities: list(serviceName, 'must be a list of names of host services')
    .default([])
    .describe('Services of the host that are handed out to the plugin.'),
  services: list(serviceName, 'must be a list of names of services')
    .default([])
    .describe('Services of other plugins that the plugin may call, besides those of `requires`.'),
  childProcess: flag().default(false).describe('Whether the plugin may start programs.'),
  worker: flag().default(false).describe('Whether the plugin may start worker threads.'),
  addons: flag().default(false).describe('Whether the plugin may load native addons.'),
});

/** What configures one field of the plugin. */
export const configFieldSchema = strict({
  type: oneOf(['string', 'integer', 'number', 'boolean', 'list', 'object']).describe('What the value is.'),
  required: flag().default(false).describe('Whether the plugin cannot start without it.'),
  default: z.json('must be a JSON value').exactOptional().describe('The value when none is given.'),
  description: text('must be a text').exactOptional().describe('One line for people.'),
  enum: list(z.union([z.string(), z.number()], 'must be a string or a number'), 'must be a list of values')
    .min(1, 'must name at least 1 value')
    .exactOptional()
    .describe('The values that are allowed; of strings and numbers only.'),
  secret: flag().default(false).describe('Whether the value must not be shown.'),
});
