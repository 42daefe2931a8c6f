// When the end of a caller's requests may be believed.
//
// Node's HTTP/2 client cancels a call by an orderly end of its requests, followed by a reset. Between two processes the
// server often reads the end well before the reset, and a handler would take half an upload for a whole one. Here the end
// is passed on when the caller has answered a PING: whoever sends end and reset in one go has sent both by then. Go and
// Python send the reset alone; for them this costs a round trip at the end of the requests and changes nothing.
//
// Invariants:
//   Z1. The end is passed on once, after every frame that the caller sent before it answered the PING.
//   Z2. One PING is under way on a connection, however many calls end; Node.js allows 10.

import type { Http2Session } from 'node:http2';
import { sessionOf } from './session-of.ts';

/** Ends that wait for a PING. */
interface Round {
  /** Of the PING that is under way. */
  asked: (() => void)[];
  /** They came after it was sent, and wait for the next one. */
  waiting: (() => void)[];
}

const rounds = new WeakMap<Http2Session, Round>();

/** Calls back when all that the caller has sent up to now, and right after it, has been read. */
export function afterRoundTrip(call: object, callback: () => void): void {
  const session = sessionOf(call);
  // What was read becomes known to the call within two turns of the event loop.
  const done = (): void => void setImmediate(() => setImmediate(callback));
  if (session === undefined) return done();
  const round = rounds.get(session);
  if (round !== undefined) return void round.waiting.push(done);
  const first: Round = { asked: [], waiting: [done] };
  rounds.set(session, first);
  ask(session, first);
}

function ask(session: Http2Session, round: Round): void {
  round.asked = round.waiting;
  round.waiting = [];
  let isOver = false;
  const answered = (): void => {
    if (isOver) return;
    isOver = true;
    for (const done of round.asked) done();
    if (round.waiting.length > 0) ask(session, round);
    else rounds.delete(session);
  };
  // A connection that is over, or too full of PINGs of others, has no more to tell.
  if (session.destroyed || !session.ping(answered)) setImmediate(answered);
}
