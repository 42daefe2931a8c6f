import type { Code } from '../errors/index.ts';

/** One crash of a plugin. */
export interface CrashReport {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  readonly code: Code;
  readonly message: string;
}

/** Counts crashes and decides whether a plugin is started again. */
export interface CrashPort {
  /** Counts one crash. `quarantine` means: not again before `reset`. */
  report(crash: CrashReport): Promise<'restart' | 'quarantine'>;
  /** Forgets the crashes of a plugin. */
  reset(plugin: string): Promise<void>;
}
