// What the plugins that get events have in common: each writes down what it handles.
//
// Invariants:
//   J1. An event is in the journal before its result leaves the process, so a delivered event is always there.
//   J2. Each line is written in one system call: a kill leaves whole lines only.

import { fstatSync, openSync, writeSync } from 'node:fs';
import { definePlugin, RuntimeError, servePlugin } from '../../../sdk/index.ts';
import type { EventFormName } from '../../../sdk/index.ts';
import { withCut } from './with-cut.ts';

/** How a reader differs from the others. */
export interface ReaderOptions {
  /** The forms that it knows. Default: all. */
  readonly forms?: readonly EventFormName[];
  /** Cuts its stream once, after so many events. Default: never. */
  readonly cutAfter?: number;
  /** Its first process gets no further than this event, the journal aside, until somebody ends it. Default: it does. */
  readonly stuckAt?: number;
}

/** A process that nobody ends goes on after this time. */
const STUCK_MS = 20_000;

/** Serves a plugin that gets events until the host ends it. */
export async function serveReader(name: string, { forms, cutAfter, stuckAt }: ReaderOptions = {}): Promise<void> {
  let journal: number | undefined;
  let handled = 0;
  let hasCut = false;
  let isFirst = false;
  const plugin = definePlugin({
    name,
    version: '1.0.0',
    forms,
    on: {
      '**': ({ id }) => {
        if (journal === undefined) throw new RuntimeError('INTERNAL', 'an event came before the journal was opened');
        handled += 1;
        writeSync(journal, `${id} ${process.pid} ${handled}\n`);
        // A kill that meets it here meets it in the middle: nobody has been told about this event.
        if (isFirst && handled === stuckAt) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STUCK_MS);
      },
    },
    onInit: ({ config }) => {
      journal = openSync(journalOf(config), 'a');
      isFirst = fstatSync(journal).size === 0;
    },
  });
  const isDue = (): boolean => {
    if (cutAfter === undefined || hasCut || handled < cutAfter) return false;
    hasCut = true;
    return true;
  };
  await servePlugin(cutAfter === undefined ? plugin : withCut(plugin, isDue));
}

function journalOf(config: unknown): string {
  if (typeof config === 'object' && config !== null && 'journal' in config && typeof config.journal === 'string') {
    return config.journal;
  }
  throw new RuntimeError('INVALID_ARGUMENT', 'the configuration names no journal');
}
