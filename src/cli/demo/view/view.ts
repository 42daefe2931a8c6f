import type { Tone } from '../../style.ts';
import type { Role } from '../cast.ts';

/** Something that happened, for people. */
export interface StoryEntry {
  /** Milliseconds since the start of the demo. */
  readonly atMs: number;
  /** The plugin it is about; `demo` when it is about all of them. */
  readonly about: string;
  readonly text: string;
  readonly tone: Tone | undefined;
}

/** A line of the table: what is known about a plugin now. */
export interface PluginRow {
  readonly name: Role['name'];
  readonly state: string;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly startMs: number | undefined;
  readonly ok: number;
  readonly failed: number;
}

/** Shows the demo while it runs. */
export interface DemoView {
  tell(entry: StoryEntry): void;
  /** Leaves the terminal as it was found. Idempotent. */
  close(): void;
}

const ABOUT_WIDTH = 7;

/** One entry as one line: ` 1.23 s  fragile  text`. */
export function storyLine(
  { atMs, about, text }: StoryEntry,
  paint: (tone: Tone, text: string) => string,
  tone?: Tone,
): string {
  const time = `${(atMs / 1000).toFixed(2).padStart(5)} s`;
  const words = tone === undefined ? text : paint(tone, text);
  return `${paint('faint', time)}  ${paint('strong', about.padEnd(ABOUT_WIDTH))}  ${words}`;
}
