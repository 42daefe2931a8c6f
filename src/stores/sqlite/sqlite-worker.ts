// The thread of one database: opens it, answers what arrives, closes it. SQLite may block here as long as it likes.

import { parentPort, workerData } from 'node:worker_threads';
import { AnsweringSide } from './flat-messages.ts';
import type { SqliteEngine } from './sqlite-engine.ts';
import { failureOf, sqliteError } from './sqlite-errors.ts';
import { openEngine } from './sqlite-open.ts';
import type { OpenOptions } from './sqlite-open.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

const options = workerData as OpenOptions;
const side = new AnsweringSide();
let engine: SqliteEngine | undefined;

const tell = (message: FromWorker): void => parentPort?.postMessage(message);

try {
  engine = openEngine(options);
  tell({ kind: 'opened' });
} catch (thrown) {
  tell({ kind: 'refused', failure: failureOf(sqliteError(thrown, options.path)) });
}

parentPort?.on('message', (message: ToWorker) => {
  if (message !== 'close') {
    const requests = side.decode(message);
    tell(side.encode(requests, engine?.run(requests) ?? []));
    return;
  }
  engine?.close();
  // The thread ends when nothing is left to wait for.
  parentPort?.close();
});
