import type { HostFact } from '../../host/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { Style, Tone } from '../style.ts';

/** The scenes of the demo, in order. */
export const SCENES = ['recovery', 'events', 'lifecycle'] as const;

/** A scene of the demo. */
export type SceneName = (typeof SCENES)[number];

/** The lines of a table that fit in a width. */
export type TableLines = (width: number, paint: Style) => readonly string[];

/** What all scenes play with. */
export interface SceneStage {
  readonly clock: Clock;
  readonly stop: StopSignals;
  /** Where hosts make their private directories. */
  readonly root: string;
  /** Directory of the journals of this scene, and of what it writes besides. */
  readonly journals: string;
  /** Tells the audience. */
  readonly say: (about: string, text: string, tone?: Tone) => void;
  /** Shows a table below the story, in the place of the one before. */
  readonly show: (lines: TableLines) => void;
  /** Hears each fact of a host: notes which processes there were. */
  readonly watch: (fact: HostFact) => void;
  /** Notes a process whose end is counted. */
  readonly note: (pid: number) => void;
}
