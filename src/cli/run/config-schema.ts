// What a configuration file may say. Each value carries the sentence that is shown when it is something else.

import { z } from 'zod';

/** An object that knows all its keys, and names them when it meets another one. */
function strict<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `is not known here; known are ${keys}` : 'must be a mapping',
  });
}

function text(what: string): z.ZodString {
  return z.string(what).min(1, what);
}

function number(minimum: number, unit = ''): z.ZodNumber {
  const what = `must be a number of at least ${minimum}${unit}`;
  return z.number(what).min(minimum, what);
}

function whole(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const what = `must be a whole number ${range}`;
  return z.int(what).min(minimum, what).max(maximum, what);
}

function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<z.core.util.ToEnum<Values[number]>> {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

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
  log: strict({ level: oneOf(['trace', 'debug', 'info', 'warn', 'error']).exactOptional() }).exactOptional(),
  stopDeadlineMs: number(0, MS).exactOptional(),
});

/** What a valid file says, as it says it. */
export type ConfigFile = z.output<typeof configSchema>;
/** What a valid file says about one plugin. */
export type PluginEntry = ConfigFile['plugins'][number];
