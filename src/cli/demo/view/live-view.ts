// The story, and below it a table that is redrawn in place.
//
// Invariants:
//   V1. A frame is one write, so that a terminal never shows half of one.
//   V2. Only the table is ever erased; the story stays in the scroll-back.
//   V3. The cursor is shown again by `close`, whatever ended the demo.

import type { Clock, TimerHandle } from '../../../ports/index.ts';
import type { Style } from '../../style.ts';
import type { TableLines } from '../stage.ts';
import { storyLine } from './view.ts';
import type { DemoView, StoryEntry } from './view.ts';

/** The part of a terminal's stream that is used. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

/** What a live view shows, and where. */
export interface LiveViewOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly paint: Style;
  /** The lines of the table, asked for each time it is drawn. */
  readonly table: TableLines;
}

const REDRAW_MS = 100;
/** Of terminals that do not tell, and of those that tell 0. */
const USUAL_COLUMNS = 80;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_BELOW = '\u001b[J';

/** Draws at once, and then ten times a second. Whoever creates it closes it. */
export function createLiveView(options: LiveViewOptions): DemoView {
  return new LiveView(options);
}

class LiveView implements DemoView {
  readonly #options: LiveViewOptions;
  #drawn: readonly string[] = [];
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    options.terminal.write(HIDE_CURSOR);
    this.#tick();
  }

  tell(entry: StoryEntry): void {
    this.#draw(`${storyLine(entry, this.#options.paint, entry.tone)}\n`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#options.terminal.write(`${this.#erasure()}${SHOW_CURSOR}`);
  }

  #tick(): void {
    this.#draw('');
    this.#timer = this.#options.clock.setTimeout(() => this.#tick(), REDRAW_MS, { unref: true });
  }

  /** V1. */
  #draw(above: string): void {
    if (this.#isClosed) return;
    const { paint, terminal } = this.#options;
    // A line that fills the last column makes some terminals wrap.
    const lines = this.#options.table(this.#columns() - 1, paint);
    const table = lines.length === 0 ? [] : ['', ...lines];
    const unchanged = above === '' && table.join('\n') === this.#drawn.join('\n');
    if (unchanged) return;
    terminal.write(`${this.#erasure()}${above}${table.map((line) => `${line}\n`).join('')}`);
    this.#drawn = table;
  }

  #erasure(): string {
    return this.#drawn.length === 0 ? '' : `\u001b[${this.#drawn.length}A\r${ERASE_BELOW}`;
  }

  #columns(): number {
    return this.#options.terminal.columns || USUAL_COLUMNS;
  }
}
