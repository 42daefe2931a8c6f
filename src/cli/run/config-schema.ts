// What a configuration file may say. Each value carries the sentence that is shown when it is something else.

import { z } from 'zod';
import { logLevel, number, oneOf, strict, text, whole } from './schema-parts.ts';

const MS = ' (milliseconds)';
const NAME_RULE = 'must be 1 to 128 letters, digits, ".", "_" or "-"';
const LIST_RULE = 'must be a list of strings; put numbers in quotes';
const INHERIT_RULE = 'must be default, all, none, or a list of names of variables';
const HIGHEST_PORT = 65_535;
const LARGEST_MESSAGE = 2 ** 31 - 1;

const health = strict({
  intervalMs: number(1, MS).exactOptional(),
  timeoutMs: number(1, MS).exactOptional(),
  misses: whole(1).exactOptional(),
});

const stop = strict({
  drainMs: number(0, MS).exactOptional(),
  graceMs: number(0, MS).exactOptional(),
  terminateMs: number(0, MS).exactOptional(),
});

const backoff = strict({
  initialMs: number(1, MS).exactOptional(),
  factor: number(1).exactOptional(),
  maxMs: number(1, MS).exactOptional(),
  jitter: oneOf(['none', 'equal', 'full']).exactOptional(),
});

const CHECKSUM_RULE = 'must be 64 hexadecimal digits';

const checksum = strict({
  directory: text('must be the path of a directory'),
  sha256: z.string(CHECKSUM_RULE).regex(/^[0-9a-f]{64}$/i, CHECKSUM_RULE),
});

const plugin = strict({
  name: z.string(NAME_RULE).regex(/^[A-Za-z0-9._-]{1,128}$/, NAME_RULE),
  command: text('must be a path or the name of a program'),
  args: z.array(z.string(LIST_RULE), LIST_RULE).exactOptional(),
  cwd: text('must be the path of a directory').exactOptional(),
  env: z
    .record(
      z.string(),
      z.string('must be a string; put numbers and booleans in quotes'),
      'must be a mapping of names to strings',
    )
    .exactOptional(),
  inheritEnv: z.union([z.enum(['default', 'all', 'none']), z.array(z.string())], INHERIT_RULE).exactOptional(),
  handshake: strict({
    cookieKey: text('must be the name of a variable'),
    cookieValue: text('must be a non-empty string'),
  }).exactOptional(),
  checksum: checksum.exactOptional(),
  compileCache: text('must be auto, off, or the path of a directory').exactOptional(),
  versions: z.array(whole(0), 'must be a list of whole numbers').min(1, 'must name at least 1 version').exactOptional(),
  insecure: z.boolean('must be true or false').exactOptional(),
  network: oneOf(['unix', 'tcp']).exactOptional(),
  ports: strict({ min: whole(1, HIGHEST_PORT), max: whole(1, HIGHEST_PORT) }).exactOptional(),
  maxReceiveBytes: whole(1, LARGEST_MESSAGE).exactOptional(),
  config: z.unknown().exactOptional(),
  restart: oneOf(['onCrash', 'never']).exactOptional(),
  startTimeoutMs: number(1, MS).exactOptional(),
  minUptimeMs: number(0, MS).exactOptional(),
  health: health.exactOptional(),
  stop: stop.exactOptional(),
  backoff: backoff.exactOptional(),
});

/** The schema of a configuration file. */
export const configSchema = strict({
  plugins: z.array(plugin, 'must be a list of plugins').min(1, 'must name at least 1 plugin'),
  log: strict({ level: logLevel.exactOptional() }).exactOptional(),
  stopDeadlineMs: number(0, MS).exactOptional(),
});

/** What a valid file says, as it says it. */
export type ConfigFile = z.output<typeof configSchema>;
/** What a valid file says about one plugin. */
export type PluginEntry = ConfigFile['plugins'][number];
