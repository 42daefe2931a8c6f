// Runs instances of a plugin beside the host's own code, for plugins that the embedding program trusts with itself.
//
// Invariants:
//   P1. The plugin's code runs in turns of its own, and what passes between host and plugin is encoded and decoded as over
//       a wire: neither holds anything of the other's.
//   P2. A plugin whose loading fails, and a handler that throws, ends itself or its call. What it does outside of calls
//       is the process's own: an endless loop, an uncaught error of a timer, `process.exit`.
//   P3. When an instance has ended no call, connection, timer or listener of the host's side is left. Code of the plugin
//       that still runs has no way to the host any more; only the end of the process ends it.
//   P4. Each start has a state of its own: the module is evaluated anew, the function for the definition called anew. What
//       the module imports is shared, and the memory of an evaluated module is never given back.

import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from '../../errors/index.ts';
import type { Environment } from '../../ports/environment.ts';
import type { Placement } from '../../ports/placement.ts';
import { createProcessStart } from '../go-plugin/process-start.ts';
import { createPlacedInProcess } from './placed-in-process.ts';
import { withSeat } from './seat-context.ts';
import type { SeatSlot } from './seat-context.ts';
import { isSeatable } from './seat-options.ts';
import type { DefinitionSource, SeatModule, SeatOptions } from './seat-options.ts';

/** How a plugin is run beside the host. Give a module or a definition. */
export interface InProcessPlacementOptions extends SeatOptions {
  readonly source: { readonly module: SeatModule } | { readonly definition: DefinitionSource };
}

/** Creates a placement that runs the plugin in this process. It holds no instance. Throws `InvalidOptionsError`. */
export function createInProcessPlacement(
  { source, ...options }: InProcessPlacementOptions,
  environment: Environment,
): Placement {
  const load = 'module' in source ? fromModule(source.module, environment) : fromDefinition(source.definition, options);
  return { place: async () => createPlacedInProcess({ options, environment, load: await load() }) };
}

type Load = (slot: SeatSlot) => Promise<unknown>;

function fromModule({ path, pin }: SeatModule, environment: Environment): () => Promise<Load> {
  const nextStart = createProcessStart({ command: path, args: [], cwd: undefined, pin });
  return async () => {
    const { command } = await nextStart();
    await requireModule(command);
    // P4. Under an address of its own, so that it is evaluated anew.
    const url = pathToFileURL(command);
    url.searchParams.set('troupe-seat', environment.ids.next('seat'));
    return (slot) => withSeat(slot, () => import(/* @vite-ignore */ url.href));
  };
}

function fromDefinition(source: DefinitionSource, { plugin }: SeatOptions): () => Promise<Load> {
  return async () => async (slot) => {
    const definition: unknown = typeof source === 'function' ? await source() : source;
    const { seat } = slot;
    // It has ended while the definition was made.
    if (seat === undefined) return undefined;
    if (isSeatable(definition)) return definition.serveIn(seat);
    throw new RuntimeError('INVALID_OPTIONS', `what makes the definition of plugin "${plugin}" returned none`);
  };
}

/** Rejects with MODULE_NOT_FOUND. */
export async function requireModule(path: string): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new RuntimeError('MODULE_NOT_FOUND', `the module "${path}" does not exist, or cannot be read`, { cause });
  }
}
