import { describe, expect, it } from 'vitest';
import { createLiveView } from '../../../../src/cli/demo/view/live-view.ts';
import { tableLines } from '../../../../src/cli/demo/view/table.ts';
import type { DemoView, PluginRow } from '../../../../src/cli/demo/view/view.ts';
import { createVirtualClock } from '../../../../src/ports/index.ts';
import type { VirtualClock } from '../../../../src/ports/index.ts';

const ENTRY = { atMs: 1234, about: 'steady', text: 'is ready', tone: undefined };
const STEADY: PluginRow = { name: 'steady', state: 'ready', pid: 1, restarts: 0, startMs: 2, ok: 0, failed: 0 };
const HEADER = 'plugin   state        process  restarts  started in  calls ok  failed\n';
const UP_3 = '\u001b[3A\r\u001b[J';

describe('createLiveView', () => {
  it('hides the cursor and draws the table at once', () => {
    const { frames } = open();

    expect(frames).toEqual(['\u001b[?25l', `\n${HEADER}${row(0)}`]);
  });

  it('writes an entry above the table, in one frame', () => {
    const { frames, view } = open();

    view.tell(ENTRY);

    expect(frames.at(-1)).toBe(`${UP_3} 1.23 s  steady   is ready\n\n${HEADER}${row(0)}`);
  });

  it('draws again after 100 ms, but only what has changed', () => {
    const { frames, clock, calls } = open();

    clock.advance(300);
    expect(frames).toHaveLength(2);
    calls.ok = 5;
    clock.advance(100);

    expect(frames.slice(2)).toEqual([`${UP_3}\n${HEADER}${row(5)}`]);
  });

  it('takes the width of the terminal at each frame', () => {
    const { frames, view, terminal } = open();

    terminal.columns = 40;
    view.tell(ENTRY);

    expect(frames.at(-1)).toContain('\nplugin   state        calls ok  failed\n');
  });

  it('removes the table and shows the cursor when it is closed, once', () => {
    const { frames, view, clock } = open();

    view.close();
    view.close();
    view.tell(ENTRY);
    clock.advance(1000);

    expect(frames.slice(2)).toEqual([`${UP_3}\u001b[?25h`]);
  });
});

// Helpers

interface Opened {
  readonly view: DemoView;
  readonly clock: VirtualClock;
  readonly frames: string[];
  readonly calls: { ok: number };
  readonly terminal: { columns: number };
}

function open(): Opened {
  const frames: string[] = [];
  const calls = { ok: 0 };
  const clock = createVirtualClock();
  const terminal = { columns: 80, write: (text: string) => frames.push(text) };
  const view = createLiveView({
    terminal,
    clock,
    paint: (_, text) => text,
    table: (width, paint) => tableLines([{ ...STEADY, ok: calls.ok }], width, paint),
  });
  return { view, clock, frames, calls, terminal };
}

function row(ok: number): string {
  return `steady   ready              1         0        2 ms  ${String(ok).padStart(8)}       0\n`;
}
