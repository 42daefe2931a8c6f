import type { Style } from '../../style.ts';
import { storyLine } from './view.ts';
import type { DemoView } from './view.ts';

/** One line for each entry, as it comes: for pipes, files and simple terminals. */
export function createPlainView(write: (text: string) => void, paint: Style): DemoView {
  return {
    tell: (entry) => write(`${storyLine(entry, paint, entry.tone)}\n`),
    close() {
      // Nothing to leave behind.
    },
  };
}

/** Shows nothing. */
export function createSilentView(): DemoView {
  return { tell() {}, close() {} };
}
