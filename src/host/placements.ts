// Where the instances of a plugin run: which placement a launch asks for, and what makes it.

import { basename, resolve } from 'node:path';
import { InvalidOptionsError } from '../errors/index.ts';
import { requireAtLeast } from '../policy/index.ts';
import type { Environment, Placement, ProcessLauncher } from '../ports/index.ts';
import {
  createInProcessPlacement,
  createProcessPlacement,
  createWorkerPlacement,
  requireDefinition,
} from '../transport/index.ts';
import type {
  DefinitionSource,
  InProcessPlacementOptions,
  ProcessPlacementOptions,
  WorkerPlacementOptions,
} from '../transport/index.ts';

/** Where a host can run a plugin. */
export const PLACEMENTS = ['process', 'worker', 'inProcess'] as const;

/** Where a host can run a plugin: in a process of its own, in a thread of the host's, or beside the host's own code. */
export type PlacementName = (typeof PLACEMENTS)[number];

/** What is to be run, and where. */
export interface PlacementChoice {
  /** Default: `inProcess` for a definition, else `process`. */
  readonly placement?: PlacementName;
  /** Path of the program, or a name to be looked up in the plugin's `PATH`. Only for a process. */
  readonly command?: string;
  /**
   * Path of a module for Node.js that calls `servePlugin`: the same one runs in every placement. Give this, `command` or
   * `definition`.
   */
  readonly module?: string;
  /**
   * What `definePlugin` returned, or a function that makes one for each start; only for `inProcess`. Without the function
   * the state of the definition outlives a restart.
   */
  readonly definition?: DefinitionSource;
  /**
   * Options of Node.js for a `module`. Default: none for a process; for a worker those of this program. Not for
   * `inProcess`.
   */
  readonly nodeArgs?: readonly string[];
  /**
   * Most memory for objects and buffers of a plugin in a worker, in MiB, at least 16. A plugin on the SDK takes some 20 by
   * itself. Default 512.
   */
  readonly memoryMb?: number;
}

/** A launch whose placement is settled; the options are those of the placement. */
export type PlacementPlan =
  | { readonly kind: 'process'; readonly options: ProcessPlacementOptions }
  | { readonly kind: 'worker'; readonly options: WorkerPlacementOptions }
  | { readonly kind: 'inProcess'; readonly options: InProcessPlacementOptions };

/** What placements use from outside. */
export interface PlacementPorts {
  readonly environment: Environment;
  readonly launcher: ProcessLauncher;
}

/** Makes the placement of a plan. Throws `InvalidOptionsError` for what no plugin can be told. */
export function createPlacement({ kind, options }: PlacementPlan, ports: PlacementPorts): Placement {
  switch (kind) {
    case 'process':
      return createProcessPlacement(options, ports);
    case 'worker':
      return createWorkerPlacement(options, ports.environment);
    case 'inProcess':
      return createInProcessPlacement(options, ports.environment);
  }
}

/** A choice that makes sense, and a name for the plugin when it is given none. */
export type CheckedChoice = { readonly name: string } & (
  | { readonly placement: 'process'; readonly command: string; readonly args: readonly string[] }
  | { readonly placement: 'worker' | 'inProcess'; readonly path: string }
  | { readonly placement: 'inProcess'; readonly definition: DefinitionSource }
);

/** Settles what is run where. Throws `InvalidOptionsError` naming the field. */
export function checkChoice(choice: PlacementChoice, args: readonly string[]): CheckedChoice {
  const { command, module, definition, nodeArgs = [] } = choice;
  const placement = choice.placement ?? (definition === undefined ? 'process' : 'inProcess');
  requireOne(choice, placement);
  if (definition !== undefined) {
    return { placement: 'inProcess', name: nameIn(definition), definition: requireDefinition(definition) };
  }
  if (command !== undefined) return { placement: 'process', name: basename(command), command, args };
  const path = resolve(module ?? '');
  const name = basename(path);
  if (placement !== 'process') return { placement, name, path };
  return { placement, name, command: process.execPath, args: [...nodeArgs, path, ...args] };
}

/** MiB for a plugin in a worker. */
const MEMORY_MB = 512;
/** Less is a slip: a bare thread takes 10. */
const LEAST_MEMORY_MB = 16;

/** Throws `InvalidOptionsError`. */
export function memoryLimit(memoryMb: number = MEMORY_MB): number {
  return requireAtLeast('memoryMb', memoryMb, LEAST_MEMORY_MB);
}

function requireOne({ command, module, definition, nodeArgs }: PlacementChoice, placement: PlacementName): void {
  if (!PLACEMENTS.includes(placement)) {
    throw new InvalidOptionsError('placement', `takes ${PLACEMENTS.join(', ')}, got "${String(placement)}"`);
  }
  const given = Object.entries({ command, module, definition }).filter(([, value]) => value !== undefined);
  const [field = 'command'] = given.map(([name]) => name);
  if (given.length === 0) throw new InvalidOptionsError('command', '(or "module" or "definition") must be given');
  if (given.length > 1) {
    throw new InvalidOptionsError(
      field,
      `excludes "${given
        .map(([name]) => name)
        .slice(1)
        .join('" and "')}"`,
    );
  }
  for (const [name, text] of Object.entries({ command, module })) {
    if (text !== undefined && (typeof text !== 'string' || text === '')) {
      throw new InvalidOptionsError(name, 'must not be empty');
    }
  }
  if (field === 'command' && placement !== 'process') {
    throw new InvalidOptionsError('placement', `is ${placement}, which needs "module" and not "command"`);
  }
  if (field === 'definition' && placement !== 'inProcess') {
    throw new InvalidOptionsError('placement', `is ${placement}, which needs "module" and not "definition"`);
  }
  if (nodeArgs !== undefined && (field !== 'module' || placement === 'inProcess')) {
    throw new InvalidOptionsError('nodeArgs', 'is for a "module" in a process or a worker');
  }
}

function nameIn(definition: DefinitionSource): string {
  const { name } = definition as { readonly name?: unknown };
  return typeof definition === 'object' && typeof name === 'string' ? name : '';
}
