// Writes a plugin to begin with.
//
// Invariants:
//   I1. Without `force` no file is written when one of them exists already.

import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { InvalidOptionsError, RuntimeError } from '../../../errors/index.ts';
import { GO_TEMPLATE } from './go-template.ts';
import type { Template } from './template.ts';
import { TYPESCRIPT_TEMPLATE } from './typescript-template.ts';

/** The templates, by the names that the command line takes. */
export const TEMPLATES = { typescript: TYPESCRIPT_TEMPLATE, go: GO_TEMPLATE } as const satisfies Record<
  string,
  Template
>;

/** Name of a template. */
export type TemplateName = keyof typeof TEMPLATES;

/** What is written, and where. */
export interface InitOptions {
  readonly directory: string;
  readonly template: TemplateName;
  /** Name of the plugin. Default: what can be made of the directory's name. */
  readonly name?: string | undefined;
  /** Writes over files that exist. Default false. */
  readonly force?: boolean;
  /** Version of this package. */
  readonly version: string;
}

/** What was written. */
export interface InitializedPlugin {
  readonly name: string;
  readonly directory: string;
  /** Paths from the directory, sorted. */
  readonly files: readonly string[];
  /** Command lines to go on with. */
  readonly next: readonly string[];
}

const LONGEST_NAME = 64;

/**
 * Writes the files. Rejects with INVALID_OPTIONS for a name that no plugin can have, with ALREADY_EXISTS for
 * what is in the way, and with PERMISSION_DENIED.
 */
export async function initPlugin(options: InitOptions): Promise<InitializedPlugin> {
  const directory = resolve(options.directory);
  const name = options.name === undefined ? pluginNameOf(basename(directory)) : requireName(options.name);
  const template: Template = TEMPLATES[options.template];
  const files = template.files({ name, version: options.version });
  const paths = Object.keys(files).sort();
  if (options.force !== true) await requireNoneOf(directory, paths);
  try {
    await mkdir(directory, { recursive: true });
    for (const [path, text] of Object.entries(files)) await writeFile(join(directory, path), text);
  } catch (cause) {
    throw notWritten(directory, cause);
  }
  const test = `troupe plugin test ${options.directory}`;
  const isHere = directory === resolve('.');
  const first =
    template.first === undefined ? [] : [inDirectory(template.first, isHere ? undefined : options.directory)];
  return { name, directory, files: paths, next: [...first, test] };
}

function inDirectory(command: string, directory: string | undefined): string {
  return directory === undefined ? command : `(cd ${directory} && ${command})`;
}

/** A file in the way, a read-only place and the like are no defects of this program. */
function notWritten(directory: string, cause: unknown): RuntimeError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  if (reason === 'EEXIST' || reason === 'ENOTDIR') {
    return new RuntimeError('ALREADY_EXISTS', `${directory} is a file, or lies below one; take another name`, {
      cause,
    });
  }
  return new RuntimeError('PERMISSION_DENIED', `${directory} cannot be written to (${reason})`, { cause });
}

/** A name made of any text: lower case letters, digits and single hyphens. */
export function pluginNameOf(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'plugin' : name;
}

function requireName(name: string): string {
  if (name === pluginNameOf(name)) return name;
  const problem = `must be lower case letters, digits and single hyphens, such as "${pluginNameOf(name)}"`;
  throw new InvalidOptionsError('name', problem);
}

/** I1. */
async function requireNoneOf(directory: string, paths: readonly string[]): Promise<void> {
  const present: string[] = [];
  for (const path of paths) {
    const exists = await stat(join(directory, path)).then(
      () => true,
      () => false,
    );
    if (exists) present.push(path);
  }
  if (present.length === 0) return;
  const text = `${directory} has ${present.join(', ')} already; --force writes over what is there`;
  throw new RuntimeError('ALREADY_EXISTS', text, { details: { present } });
}
