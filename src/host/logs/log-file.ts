// One log on disk: the file that is written, and the former ones that are kept.
//
// Invariants:
//   F1. Files can be read and written by this user only.
//   F2. A log takes at most about (`keep` + 1) times `maxBytes`, once a new file was begun under these settings; a single
//       batch is never split.
//   F3. Lines stay in order: `x.log.2` before `x.log.1` before `x.log`.

import { appendFile, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the log is, and how much of it is kept. */
export interface LogFileOptions {
  readonly directory: string;
  /** Name of the plugin, or `HOST_LOG`. */
  readonly plugin: string;
  /** Bytes at which a new file is begun. */
  readonly maxBytes: number;
  /** Former files that are kept. */
  readonly keep: number;
}

const LINE_BREAK = 0x0a;

/** The files of one log. Calls must not overlap. */
export class LogFile {
  readonly #options: LogFileOptions;
  /** Bytes of the file that is written; undefined until it was looked at. */
  #size: number | undefined = undefined;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Adds text. Rejects with what the operating system says. */
  async append(text: string): Promise<void> {
    const isNew = this.#size === undefined;
    const size = (this.#size ??= await sizeOfFile(this.#path(0)));
    // Whoever wrote last may have been killed in the middle of a line.
    const whole = isNew && (await this.#endsTorn(size)) ? `\n${text}` : text;
    const bytes = Buffer.byteLength(whole);
    if (size > 0 && size + bytes > this.#options.maxBytes) {
      await this.#rotate();
      this.#size = 0;
    }
    try {
      await appendFile(this.#path(0), whole, { mode: 0o600 });
      this.#size += bytes;
    } catch (error) {
      // Some of it may be there.
      this.#size = undefined;
      throw error;
    }
  }

  /** Opens one of the files; 0 is the newest. Undefined when there is none. The caller closes it. */
  async open(age: number): Promise<FileHandle | undefined> {
    if (age > this.#options.keep) return undefined;
    try {
      const file = await open(this.#path(age), 'r');
      if ((await file.stat()).isFile()) return file;
      await file.close();
      return undefined;
    } catch {
      // Not there, or not readable: there is nothing to tell of it either way.
      return undefined;
    }
  }

  /** Removes all of them, also those that were kept under a former setting. Rejects with what the operating system says. */
  async remove(): Promise<void> {
    await this.#removeFrom(0);
    this.#size = undefined;
  }

  async #endsTorn(size: number): Promise<boolean> {
    if (size === 0) return false;
    const file = await this.open(0);
    if (file === undefined) return false;
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      return bytesRead === 1 && buffer[0] !== LINE_BREAK;
    } finally {
      await file.close();
    }
  }

  /** F2, F3. */
  async #rotate(): Promise<void> {
    const { keep } = this.#options;
    await this.#removeFrom(keep);
    for (let age = keep - 1; age >= 0; age -= 1) await renameIfThere(this.#path(age), this.#path(age + 1));
  }

  /** Removes the files of the age and older ones, also those that were kept under a former setting. */
  async #removeFrom(age: number): Promise<void> {
    const { directory, plugin } = this.#options;
    const own = `${plugin}.log`;
    for (const name of await readdir(directory)) {
      const old = name === own ? '0' : /^\.(\d+)$/.exec(name.startsWith(own) ? name.slice(own.length) : '')?.[1];
      if (old !== undefined && Number(old) >= age) await rm(join(directory, name), { force: true });
    }
  }

  #path(age: number): string {
    const { directory, plugin } = this.#options;
    return join(directory, age === 0 ? `${plugin}.log` : `${plugin}.log.${age}`);
  }
}

async function sizeOfFile(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
