import type { PlaneReport } from '../../machines/index.ts';
import type { EventStreamPolicy } from '../../policy/index.ts';
import type { Environment, PluginConnection } from '../../ports/index.ts';
import type { EventSource } from '../event-source.ts';
import type { Window } from './window.ts';
import type { EventWire } from './wire.ts';

/** What all forms work with. */
export interface SenderPorts {
  readonly source: EventSource;
  readonly connection: PluginConnection;
  readonly wire: EventWire;
  readonly policy: EventStreamPolicy;
  readonly environment: Environment;
  /** Names the process to the plugin: the same for all streams to it. */
  readonly session: string;
  /** What is on its way, and what is left of the streams before. */
  readonly window: Window;
  readonly report: (report: PlaneReport) => void;
  /** Called when events may have been settled. */
  readonly onSettled: () => void;
}

/** One stream, or one run of single calls. */
export interface Sender {
  /** Something may have come to wait. */
  wake(): void;
  /** No more events come than those that wait now. */
  drain(): void;
  /** Nothing that is new is sent any more; those on their way may come back. */
  close(): void;
  /** Ends the call at once, without a report. What had no result stays in the window, or is counted by the sender. */
  cut(): void;
}
