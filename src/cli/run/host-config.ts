// The configuration of a host that runs on a data directory.

import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { RuntimeError } from '../../errors/index.ts';
import type { LogLevel } from '../../ports/index.ts';
import { configProblems } from './config-problems.ts';
import { readConfigText } from './read-config.ts';
import { logLevel, strict, text, whole } from './schema-parts.ts';
import { parseYaml } from './yaml-file.ts';

const PLUGIN_RULE = 'must be a mapping of names of plugins';
const pluginName = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$|^@host$/, 'must be the name of a plugin');
const HOUR_MS = 3_600_000;
const YEAR_MS = 366 * 24 * HOUR_MS;
const MAX_LOG_BYTES = 1024 * 1024 * 1024;

const hostNames = z.array(z.string('must be a name'), 'must be a list of names').max(100).default([]);

const hostConfigSchema = strict({
  log: strict({
    level: logLevel.default('info'),
    levels: z.record(pluginName, logLevel, PLUGIN_RULE).default({}),
    maxBytes: whole(65_536, MAX_LOG_BYTES).default(10 * 1024 * 1024),
    keep: whole(0, 1000).default(5),
  }).prefault({}),
  trust: text('must be the path of a file').exactOptional(),
  plugins: z.record(pluginName, z.unknown(), PLUGIN_RULE).default({}),
  ops: strict({
    port: whole(0, 65_535).exactOptional(),
    allowedHosts: hostNames,
  }).prefault({}),
  downloads: strict({ privateHosts: hostNames }).prefault({}),
  audit: strict({
    file: text('must be the path of a file').exactOptional(),
    maxAgeMs: whole(1, 100 * YEAR_MS).exactOptional(),
    maxEntries: whole(1, 1_000_000_000).exactOptional(),
  }).prefault({}),
  updates: strict({
    probationMs: whole(0, HOUR_MS).exactOptional(),
    drainMs: whole(0, HOUR_MS).default(30_000),
    keepVersions: whole(0, 1000).default(5),
    keepMs: whole(0, YEAR_MS).default(24 * HOUR_MS),
  }).prefault({}),
  stopDeadlineMs: whole(0, HOUR_MS).default(10_000),
});

/** What a host is told by its file. */
export interface HostConfig {
  readonly log: {
    readonly level: LogLevel;
    readonly levels: Readonly<Record<string, LogLevel>>;
    readonly maxBytes: number;
    readonly keep: number;
  };
  /** Absolute path of the file of trusted keys. */
  readonly trust?: string;
  /** Configuration of plugins, by their names. */
  readonly plugins: Readonly<Record<string, unknown>>;
  readonly ops: { readonly port?: number; readonly allowedHosts: readonly string[] };
  /** Names of hosts in private networks, and of this machine, that plugins may be downloaded from all the same. */
  readonly downloads: { readonly privateHosts: readonly string[] };
  readonly audit: {
    /** Absolute path of the file that entries are written to, besides the database. */
    readonly file?: string;
    /** How long entries stay, and how many of each plugin. Default: all stay. */
    readonly maxAgeMs?: number;
    readonly maxEntries?: number;
  };
  readonly updates: {
    /**
     * Milliseconds for which a new version has to stay well before the old one is let go. Default 10,000; none while plugins
     * are developed.
     */
    readonly probationMs?: number;
    /** Milliseconds that calls to the old version have. */
    readonly drainMs: number;
    /** Versions of each plugin that are kept, and for how many milliseconds. */
    readonly keepVersions: number;
    readonly keepMs: number;
  };
  /** Milliseconds that plugins have together when the host stops. */
  readonly stopDeadlineMs: number;
}

/**
 * Reads the configuration. A file that was not named may be missing; then everything has its default.
 *
 * Rejects with CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID; the latter two list all problems in `details`.
 */
export async function readHostConfig(file: string, wasNamed: boolean): Promise<HostConfig> {
  if (!wasNamed && !existsSync(file)) return hostConfigSchema.parse({});
  const yaml = parseYaml(basename(file), await readConfigText(file));
  // An empty file says nothing, and that is allowed.
  const result = hostConfigSchema.safeParse(yaml.value ?? {});
  if (!result.success) {
    const problems = configProblems(yaml, result.error.issues);
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    throw new RuntimeError('CONFIG_INVALID', `${file} has ${count}`, { details: { problems } });
  }
  const { trust, audit, ...config } = result.data;
  const at = (path: string): string => resolve(dirname(resolve(file)), path);
  return {
    ...config,
    audit: { ...audit, ...(audit.file === undefined ? {} : { file: at(audit.file) }) },
    ...(trust === undefined ? {} : { trust: at(trust) }),
  };
}
