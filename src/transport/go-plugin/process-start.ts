import { join, resolve } from 'node:path';
import { InvalidOptionsError } from '../../errors/index.ts';
import { isPinned, moveInvocation, pinTree, prepareCompileCache } from '../process/index.ts';
import type { Invocation } from '../process/index.ts';

/** A directory that a plugin runs from, and what it must be. */
export interface ProcessPin {
  /** Absolute path. The command, an argument or the working directory lies in it. */
  readonly directory: string;
  /** As `hashTree` computes it. */
  readonly sha256: string;
  /** Where the copy goes. */
  readonly storeRoot: string;
  /** Copies that stay there when a new one is made; undefined for the default of `pinTree`. */
  readonly keep?: number | undefined;
}

/** What decides how a process is started. */
export interface ProcessStartOptions extends Invocation {
  /** What the files of the plugin must be; undefined: whatever they are. */
  readonly pin?: ProcessPin | undefined;
  /** Directory for the compiled code of a plugin on Node.js; undefined for none. */
  readonly compileCache?: string | undefined;
}

/** How one process is started. */
export interface ProcessStart extends Invocation {
  /** Variables that belong to this kind of start. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes a function that says, before each start, what is to be started. With a pin it first verifies all files: those
 * of the directory before the first start, and those of the copy before each further one, so that a directory which is
 * being replaced does not keep a crashed plugin from coming back.
 *
 * Throws `InvalidOptionsError` when nothing of the start lies in the pinned directory. The function rejects with
 * CHECKSUM_MISMATCH or CHECKSUM_INVALID.
 */
export function createProcessStart(options: ProcessStartOptions): () => Promise<ProcessStart> {
  const { command, args, cwd, pin, compileCache } = options;
  if (pin !== undefined) return createPinnedStart({ command, args, cwd }, pin);
  let usable: Promise<boolean> | undefined;
  return async () => {
    if (compileCache === undefined) return { command, args, cwd, env: {} };
    usable ??= prepareCompileCache(compileCache);
    return { command, args, cwd, env: (await usable) ? { NODE_COMPILE_CACHE: compileCache } : {} };
  };
}

/** Without a compile cache: code that another program has written would run, whatever the pin says. */
function createPinnedStart(invocation: Invocation, pin: ProcessPin): () => Promise<ProcessStart> {
  const { directory, sha256, storeRoot, keep } = pin;
  const copy = join(resolve(storeRoot), sha256);
  // Settled once: a host that changes its own directory later must not start something else.
  const cwd = resolve(invocation.cwd ?? '.');
  const moved = moveInvocation({ ...invocation, cwd }, directory, copy);
  if (moved === undefined) {
    throw new InvalidOptionsError('checksum.directory', 'holds neither the command, nor an argument, nor "cwd"');
  }
  const pinOptions = { sha256, storeRoot, ...(keep === undefined ? {} : { keep }) };
  let wasPinned = false;
  return async () => {
    if (!wasPinned || !(await isPinned(copy, sha256))) await pinTree(directory, pinOptions);
    wasPinned = true;
    return { ...moved, env: {} };
  };
}
