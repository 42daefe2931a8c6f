// A real terminal for tests: a tmux server of its own, which goes with the test.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { waitFor } from '../../transport/process/support.ts';

/** A terminal in which somebody types. */
export interface Terminal {
  /** Types a line and presses Enter. */
  type(line: string): void;
  /** Presses a key, by tmux's name: `C-c`. */
  press(key: string): void;
  /** All that was printed, lines that have scrolled away included. */
  screen(): string;
  /** Waits until it shows the text, for at most 30 s. */
  shows(text: string): Promise<void>;
}

/** Opens a terminal with a shell in the directory. */
export function openTerminal(directory: string): Terminal {
  const server = `troupe-${randomUUID()}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  tmux('new-session', '-d', '-s', 'test', '-x', '200', '-y', '50', '-c', directory, 'env PS1="> " sh');
  onTestFinished(() => void tmux('kill-server'));
  const screen = (): string => tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'test');
  return {
    type: (line) => void tmux('send-keys', '-t', 'test', line, 'Enter'),
    press: (key) => void tmux('send-keys', '-t', 'test', key),
    screen,
    shows: (text) => waitFor(`${JSON.stringify(text)} in the terminal`, () => screen().includes(text), 30_000),
  };
}
