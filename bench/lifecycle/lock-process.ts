// Holds the write lock of a database for a while, each time it is told to: `hold` with milliseconds, answered by `held` and
// `released`. Its parent ends it.

import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.argv[2] ?? '', { timeout: 5_000 });

process.on('message', (holdMs: number) => {
  db.exec('begin immediate');
  process.send?.('held');
  setTimeout(() => {
    db.exec('commit');
    process.send?.('released');
  }, holdMs);
});
process.once('disconnect', () => db.close());
process.send?.('ready');
