// The corpus of planted races, in the order of their files.

import { lostUpdate } from './01-lost-update.ts';
import { doubleStart } from './02-double-start.ts';
import { tickAfterCancel } from './03-tick-after-cancel.ts';
import { stopMeetsHandshake } from './04-stop-meets-handshake.ts';
import { exitMeetsProbe } from './05-exit-meets-probe.ts';
import { watchTooLate } from './06-watch-too-late.ts';
import { cancelMeetsAnswer } from './07-cancel-meets-answer.ts';
import { lateReply } from './08-late-reply.ts';
import { nackBehindAck } from './09-nack-behind-ack.ts';
import { creditLeak } from './10-credit-leak.ts';
import { writeAfterLease } from './11-write-after-lease.ts';
import { twoWinners } from './12-two-winners.ts';
import { auditBeforeSwap } from './13-audit-before-swap.ts';
import { twoBursts } from './14-two-bursts.ts';
import { oneEventTwoPaths } from './15-one-event-two-paths.ts';
import { twoProbes } from './16-two-probes.ts';
import { requestWhileRetrying } from './17-request-while-retrying.ts';
import { queueLostAtRestart } from './18-queue-lost-at-restart.ts';
import { sharedBudget } from './19-shared-budget.ts';
import { respawnTooEarly } from './20-respawn-too-early.ts';
import { swallowedChildError } from './21-swallowed-child-error.ts';
import { leakedByFailure } from './22-leaked-by-failure.ts';
import { leakedByStop } from './23-leaked-by-stop.ts';
import { staleStable } from './24-stale-stable.ts';
import { teardownMeetsFanOut } from './25-teardown-meets-fan-out.ts';
import { streamThenUnary } from './26-stream-then-unary.ts';
import { cancelMeetsPage } from './27-cancel-meets-page.ts';
import { evictedNotice } from './28-evicted-notice.ts';
import { chargedTwice } from './29-charged-twice.ts';
import { sameTopAgain } from './30-same-top-again.ts';
import { staleVote } from './31-stale-vote.ts';
import { staleRegistration } from './32-stale-registration.ts';
import { overtakenWrite } from './33-overtaken-write.ts';
import { undoComesFirst } from './34-undo-comes-first.ts';
import { oppositeLocks } from './35-opposite-locks.ts';
import type { Race } from './race.ts';

/** Every planted race. */
export const RACES: readonly Race[] = [
  lostUpdate,
  doubleStart,
  tickAfterCancel,
  stopMeetsHandshake,
  exitMeetsProbe,
  watchTooLate,
  cancelMeetsAnswer,
  lateReply,
  nackBehindAck,
  creditLeak,
  writeAfterLease,
  twoWinners,
  auditBeforeSwap,
  twoBursts,
  oneEventTwoPaths,
  twoProbes,
  requestWhileRetrying,
  queueLostAtRestart,
  sharedBudget,
  respawnTooEarly,
  swallowedChildError,
  leakedByFailure,
  leakedByStop,
  staleStable,
  teardownMeetsFanOut,
  streamThenUnary,
  cancelMeetsPage,
  evictedNotice,
  chargedTwice,
  sameTopAgain,
  staleVote,
  staleRegistration,
  overtakenWrite,
  undoComesFirst,
  oppositeLocks,
];
