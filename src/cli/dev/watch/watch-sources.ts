// Watches the sources of a project: also what is in directories that come later.

import { watch } from 'chokidar';
import type { Stats } from 'node:fs';
import type { Clock } from '../../../ports/index.ts';
import type { DevWatchFacts } from '../../../actors/index.ts';
import { createDebounce } from './debounce.ts';
import type { DebounceOptions } from './debounce.ts';
import type { IsIgnored } from './ignored.ts';

/** What is watched, and how. */
export interface WatchOptions extends DebounceOptions {
  readonly directory: string;
  readonly isIgnored: IsIgnored;
  readonly clock: Clock;
}

/** Without these nothing will ever be seen. */
const FATAL = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);
/** What changes the content of a project; times and rights alone do not. */
const CONTENT = new Set(['add', 'change', 'unlink', 'addDir', 'unlinkDir']);

/** A watch that is under way. */
export interface SourceWatch {
  /** Settles when no change is missed any more, or none will ever be seen. Never rejects. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Watches until it is closed. A burst of changes is told once. */
export function watchSources(options: WatchOptions, facts: DevWatchFacts): SourceWatch {
  const { directory, isIgnored, clock } = options;
  const debounce = createDebounce(clock, () => facts.changed(), options);
  const watcher = watch(directory, {
    ignored: (path: string, stats?: Stats) => isIgnored(path, kindOf(stats)),
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
  watcher.on('all', (event, path) => {
    // An empty directory is no change: it is packed only with what it holds.
    if (!CONTENT.has(event) || event === 'addDir') return;
    if (!isIgnored(path, event === 'unlinkDir' ? 'directory' : 'file')) debounce.push();
  });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  watcher.on('ready', () => resolve());
  watcher.on('error', (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!FATAL.has(code)) return facts.troubled(error instanceof Error ? error.message : String(error));
    facts.failed(error);
    resolve();
  });
  return {
    ready,
    close() {
      debounce.close();
      resolve();
      void watcher.close();
    },
  };
}

function kindOf(stats: Stats | undefined): 'file' | 'directory' | undefined {
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'directory' : 'file';
}
