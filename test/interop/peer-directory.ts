// Further peers of the conformance matrix, from the directory that TROUPE_GO_PEERS names. docs/testing.md has the contract.
//
// Invariants:
//   D1. Whatever cannot be used is an error that names the file and the field: a peer that is silently missing would
//       pass for one that was tested.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { findProgram } from '../peers/availability.ts';
import { LACKS } from './matrix.ts';
import type { Lack } from './matrix.ts';

/** A program with its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** A peer as the matrix uses it. */
export interface MatrixPeer {
  /** Stands in titles and in the table. */
  readonly name: string;
  /** Stands in the cells of what it lacks. */
  readonly label: string;
  /** Undefined: it takes no part in the direction in which the host is ours. */
  readonly plugin: Command | undefined;
  /** Undefined: it takes no part in the direction in which the plugin is ours. */
  readonly host: Command | undefined;
  readonly lacks: readonly Lack[];
}

const DESCRIPTION = 'peer.json';
const SIDES = ['plugin', 'host'] as const;
const word = z.string().min(1);
const command = z.tuple([word], word);
const description = z
  .strictObject({
    name: word.optional(),
    plugin: command.optional(),
    host: command.optional(),
    lacks: z.array(z.enum(Object.keys(LACKS) as [Lack, ...Lack[]])).default([]),
  })
  .refine(({ plugin, host }) => plugin !== undefined || host !== undefined, 'needs "plugin", "host" or both');

/**
 * The peers of all sub-directories. Each holds `peer.json`, or executable files named `plugin` and `host`. Throws an
 * error that names file and field (D1).
 */
export function readPeerDirectory(directory: string): MatrixPeer[] {
  const root = resolve(directory);
  if (!isDirectory(root)) throw new Error(`TROUPE_GO_PEERS: "${directory}" is not a directory`);
  const folders = readdirSync(root)
    .sort()
    .map((name) => join(root, name))
    .filter(isDirectory);
  if (folders.length === 0) throw new Error(`TROUPE_GO_PEERS: "${directory}" has no sub-directory, and so no peer`);
  const peers = folders.map(readPeer);
  const double = peers.find(({ name }, index) => peers.findIndex((peer) => peer.name === name) !== index);
  if (double !== undefined) throw new Error(`TROUPE_GO_PEERS: two peers are called "${double.name}"`);
  return peers;
}

// Helpers

function readPeer(folder: string): MatrixPeer {
  const file = join(folder, DESCRIPTION);
  const told = existsSync(file) ? parseDescription(file) : undefined;
  const name = told?.name ?? basename(folder);
  const [plugin, host] = SIDES.map((side) =>
    told === undefined ? programIn(folder, side) : resolveCommand(file, side, told[side]),
  );
  if (plugin === undefined && host === undefined) {
    throw new Error(`${folder}: holds neither ${DESCRIPTION} nor an executable file "plugin" or "host"`);
  }
  return { name, label: name, plugin, host, lacks: told?.lacks ?? [] };
}

function parseDescription(file: string): z.infer<typeof description> {
  const result = description.safeParse(parseJson(file));
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [path.map(String).join('.'), message]);
  throw new Error(problems.map(([field, text]) => `${file}: ${field ? `"${field}": ` : ''}${text}`).join('\n'));
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function programIn(folder: string, name: string): Command | undefined {
  const path = findProgram(join(folder, name));
  return path === undefined ? undefined : [path];
}

/** A program with a slash is a path from the description's directory, another one is looked up in the PATH. */
function resolveCommand(file: string, side: string, [program, ...args]: readonly string[] = []): Command | undefined {
  if (program === undefined) return undefined;
  const path = program.includes('/') ? resolve(file, '..', program) : program;
  const found = findProgram(path, process.env['PATH']);
  if (found === undefined) throw new Error(`${file}: "${side}.0": there is no executable file "${program}"`);
  return [found, ...args];
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
