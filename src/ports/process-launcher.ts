import type { Readable } from 'node:stream';

/** How a process ended. One of the two is set; both are null for a process of somebody else, whose end is only seen. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to start. */
export interface ProcessSpec {
  /** Path of the program, or a name to be looked up in the `PATH` of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory. Default: the host's. */
  readonly cwd?: string | undefined;
  /** The whole environment of the process; nothing is inherited besides. */
  readonly env: Readonly<Record<string, string>>;
}

/** A process that was started, in a process group of its own. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process itself has ended, whatever still holds its pipes. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal to the process alone. False when it is gone. */
  signal(signal: NodeJS.Signals): boolean;
  /** Sends a signal to the whole process group. False when the group is gone. */
  signalGroup(signal: NodeJS.Signals): boolean;
  /** Lets go of the pipes, also when a grandchild still holds their other ends. Idempotent. */
  release(): void;
}

/** Starts processes. Rejects with `COMMAND_NOT_FOUND`, `COMMAND_NOT_EXECUTABLE` or `SPAWN_FAILED`. */
export interface ProcessLauncher {
  launch(spec: ProcessSpec): Promise<RunningProcess>;
}
