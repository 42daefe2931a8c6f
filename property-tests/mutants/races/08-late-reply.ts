// A question is given up, the next one is asked, and the answer to the first comes. The wrong version takes any answer
// for the answer to the present question.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem, Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type ServerMessage =
  | { readonly type: 'query'; readonly word: string; readonly from: ActorRef<ReaderMessage> }
  | { readonly type: 'found'; readonly word: string; readonly from: ActorRef<ReaderMessage> };
type ReaderMessage =
  | { readonly type: 'look'; readonly words: readonly string[] }
  | { readonly type: 'answer'; readonly word: string }
  | { readonly type: 'timedOut' };

interface ReaderState {
  readonly words: readonly string[];
  /** Each word with the word whose meaning was noted for it. */
  readonly noted: Readonly<Record<string, string>>;
}

function dictionary(answerMs: number): Behavior<ServerMessage, undefined> {
  return behavior<ServerMessage, undefined>({
    initial: undefined,
    receive(_, message, actor) {
      const { word, from } = message;
      if (message.type === 'found') actor.tell(from, { type: 'answer', word });
      else actor.startTimer(`find-${word}`, { afterMs: answerMs }, { type: 'found', word, from });
      return undefined;
    },
  });
}

function read(system: ActorSystem, bug: boolean, answerMs: number) {
  const server = system.spawn(dictionary(answerMs), { name: 'server' });
  const reader = behavior<ReaderMessage, ReaderState>({
    initial: { words: [], noted: {} },
    receive(state, message, actor) {
      const [word = '', ...rest] = state.words;
      const next = (words: readonly string[], noted: ReaderState['noted']): ReaderState => {
        actor.cancelTimer('deadline');
        if (words[0] === undefined) return { words, noted };
        actor.startTimer('deadline', { afterMs: 100 }, { type: 'timedOut' });
        actor.tell(server, { type: 'query', word: words[0], from: actor.self });
        return { words, noted };
      };
      if (message.type === 'look') return next(message.words, {});
      if (message.type === 'timedOut') return next(rest, state.noted);
      if (word === '' || (!bug && message.word !== word)) return state;
      return next(rest, { ...state.noted, [word]: message.word });
    },
  });
  return system.spawn(reader, { name: 'reader' });
}

export const lateReply = defineRace({
  name: 'late-reply',
  wrong: 'the late answer to a question that was given up is taken for the answer to the next one',
  oracle: 'check',
  constraints: 1,
  shortest: 4,
  scenario: (bug) => ({
    setup({ system }) {
      const reader = read(system, bug, 100);
      reader.tell({ type: 'look', words: ['actor', 'race'] });
      return reader;
    },
    check: (reader) => Object.entries(reader.snapshot().noted).every(([word, meaning]) => word === meaning),
  }),
  async unit({ system, advance }, bug) {
    const reader = read(system, bug, 10);

    reader.tell({ type: 'look', words: ['actor', 'race'] });
    await advance(50);

    deepEqual(reader.snapshot().noted, { actor: 'actor', race: 'race' });
  },
});
