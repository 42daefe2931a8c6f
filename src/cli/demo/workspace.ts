import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { CAST } from './cast.ts';
import { EVENT_CAST } from './events/event-cast.ts';

/** The directories of one run of the demo. */
export interface Workspace {
  /** Where the host makes its private directories. */
  readonly root: string;
  /** Where the plugins write their journals, absolute. */
  readonly journals: string;
  /** Where those of the scene about events do, absolute. Made by whoever plays it. */
  readonly eventJournals: string;
  /** Where the scene about the lifecycle writes what it needs, absolute. Made by whoever plays it; never kept. */
  readonly lifecycle: string;
  /** Names of what the host has left in `root`. */
  leftovers(): string[];
  /** Removes everything, except journals that are to be kept. */
  remove(): void;
}

// Short, because the path of a socket below it may have 103 bytes on macOS, whose own part takes 49.
const PREFIX = 'demo-';
const JOURNALS = 'journals';
const EVENTS = 'events';
const LIFECYCLE = 'lifecycle';

/** The journal file of a plugin. */
export function journalFile(directory: string, plugin: string): string {
  return join(directory, `${plugin}.journal`);
}

/**
 * Makes the directories. The caller removes them.
 *
 * @param kept directory for the journals, made when it is missing; undefined: they go with the rest
 * @throws ALREADY_EXISTS when it holds journals already; PERMISSION_DENIED when it, or the temporary one, cannot be made
 */
export function createWorkspace(kept: string | undefined): Workspace {
  if (kept !== undefined) prepareKept(kept);
  const root = makeRoot(tmpdir());
  const journals = kept === undefined ? join(root, JOURNALS) : resolve(kept);
  if (kept === undefined) mkdirSync(journals);
  return {
    root,
    journals,
    eventJournals: join(journals, EVENTS),
    lifecycle: join(root, LIFECYCLE),
    leftovers: () => readdirSync(root).filter((name) => name !== JOURNALS && name !== LIFECYCLE),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function makeRoot(directory: string): string {
  try {
    return mkdtempSync(join(directory, PREFIX));
  } catch (cause) {
    throw new RuntimeError('PERMISSION_DENIED', `nothing can be written to the temporary directory "${directory}"`, {
      cause,
    });
  }
}

function prepareKept(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new RuntimeError('PERMISSION_DENIED', `directory "${directory}" for the journals cannot be made`, { cause });
  }
  const own = CAST.map(({ name }) => journalFile(directory, name));
  const ofEvents = EVENT_CAST.map(({ name }) => journalFile(join(directory, EVENTS), name));
  const old = [...own, ...ofEvents].find((file) => existsSync(file));
  // Appending to an old journal would make the counts wrong, and replacing it could destroy somebody's file.
  if (old !== undefined) throw new RuntimeError('ALREADY_EXISTS', `journal "${old}" of an earlier run exists already`);
}
