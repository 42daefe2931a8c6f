// How a plugin is built, placed, started, watched and ended.

import { z } from 'zod';
import { flag, formed, list, milliseconds, oneOf, strict, text, whole } from './schema-parts.ts';

const ARGS_RULE = 'must be a list of strings; put numbers in quotes';
const VALUE_RULE = 'must be a string; put numbers and booleans in quotes';
const CHECKSUM_RULE = 'must be 64 hexadecimal digits';

const variables = z
  .record(formed(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), z.string(VALUE_RULE), {
    error: (issue) =>
      issue.code === 'invalid_key' ? 'must be the name of a variable' : 'must be a mapping of names to strings',
  })
  .describe('Variables to set.');

/** Where a plugin can run. */
export const PLACEMENTS = ['process', 'worker', 'inProcess', 'remote', 'wasm'] as const;

/** How the plugin is started. */
export const runSchema = strict({
  command: text('must be a path or the name of a program')
    .exactOptional()
    .describe('Program to start: a path from the manifest, or a name to be looked up. Give this or `node`.'),
  node: text('must be the path of a file')
    .exactOptional()
    .describe('File that Node.js runs, the Node.js of the host; a path from the manifest. Give this or `command`.'),
  args: list(z.string(ARGS_RULE), ARGS_RULE).default([]).describe('Arguments of the program.'),
  cwd: text('must be the path of a directory').default('.').describe('Working directory; a path from the manifest.'),
  env: variables.default({}),
  contract: oneOf(['troupe', 'awf'])
    .default('troupe')
    .describe('The protocol of the plugin on top of go-plugin: the one of troupe, or the one of the awf command line.'),
  handshake: strict({
    cookieKey: text('must be the name of a variable').describe('Name of the variable.'),
    cookieValue: text('must be a non-empty string').describe('Its value.'),
  })
    .exactOptional()
    .describe('The magic cookie that the plugin expects. Default: that of its contract.'),
  versions: list(whole(0), 'must be a list of whole numbers')
    .min(1, 'must name at least 1 version')
    .exactOptional()
    .describe('Versions of the application protocol. Default: 1.'),
  network: oneOf(['unix', 'tcp']).default('unix').describe('What the plugin listens on.'),
  checksum: formed(/^[0-9a-fA-F]{64}$/, CHECKSUM_RULE)
    .exactOptional()
    .describe('Pins all files of `checksumDirectory`: what `hashTree` returns for it.'),
  checksumDirectory: text('must be the path of a directory')
    .exactOptional()
    .describe('What `checksum` is of; a path from the manifest, which must lie outside. Needed with `checksum`.'),
});

/** Where the plugin can run. */
export const placementSchema = strict({
  allow: list(oneOf(PLACEMENTS), 'must be a list of placements')
    .min(1, 'must name at least 1 placement')
    .default(['process'])
    .describe('The placements that the plugin is made for.'),
  prefer: oneOf(PLACEMENTS).exactOptional().describe('The one to use when the host does not say. Default: the first.'),
  memoryMb: whole(16)
    .exactOptional()
    .describe('MiB that objects and buffers of the plugin may take in a worker. Default: 512.'),
});

/** How the plugin is made from its sources. */
export const buildSchema = strict({
  entry: text('must be the path of a file').exactOptional().describe('Source file; a path from the manifest.'),
  command: text('must be a path or the name of a program').exactOptional().describe('Program that builds the plugin.'),
  args: list(z.string(ARGS_RULE), ARGS_RULE).default([]).describe('Its arguments.'),
  env: variables.default({}),
  output: text('must be the path of a directory')
    .default('dist')
    .describe('Directory of what is built; a path from the manifest.'),
  watch: list(text('must be a path with "*" and "**"'), 'must be a list of paths')
    .default([])
    .describe('Files whose change means that the plugin has to be built again.'),
});

/** Changes to stored data that come with versions of the plugin. */
export const migrationsSchema = strict({
  directory: text('must be the path of a directory').describe('Where they are; a path from the manifest.'),
  reversible: flag().default(false).describe('Whether each can be undone, so that an older version can come back.'),
});

/** How long things may take. */
export const deadlinesSchema = strict({
  startMs: milliseconds(1).exactOptional().describe('From the start of the process until it takes calls.'),
  handlerMs: milliseconds(1).exactOptional().describe('For the handling of one event.'),
  callMs: milliseconds(1).exactOptional().describe('For one call of an operation, validator or step.'),
  drainMs: milliseconds(0).exactOptional().describe('For calls and events under way when the plugin is stopped.'),
  graceMs: milliseconds(0).exactOptional().describe('For the plugin to exit after it was asked to.'),
  terminateMs: milliseconds(0).exactOptional().describe('From SIGTERM until force is used.'),
});

/** How the plugin is watched. */
export const healthSchema = strict({
  intervalMs: milliseconds(1).exactOptional().describe('Between two health checks.'),
  timeoutMs: milliseconds(1).exactOptional().describe('For the answer to one.'),
  misses: whole(1).exactOptional().describe('Checks missed in a row after which the plugin is restarted.'),
});
