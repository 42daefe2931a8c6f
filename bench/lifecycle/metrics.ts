// What the benchmark `lifecycle` can measure.

/** Transitions on each store. */
export const COMMIT_METRICS = {
  'lifecycle.commit.sqlite': 'transitions with audit, one after the other, in a file on the disk',
  'lifecycle.commit.sqlite16': 'the same of 16 plugins at a time',
  'lifecycle.commit.sqlite-shm': 'one after the other, in a file that no disk is behind: what the store itself takes',
  'lifecycle.commit.postgres': 'transitions with audit, one after the other, in PostgreSQL',
  'lifecycle.commit.postgres16': 'the same of 16 plugins at a time',
  'lifecycle.commit.memory': 'transitions with audit, one after the other, in memory',
} as const;

/** The rest. */
export const OTHER_METRICS = {
  'lifecycle.boot.rows1000': 'boot of a host that finds 1,000 inactive plugins in its store',
  'lifecycle.dev.reload': 'end of the debounce to the first answer of the new version, in the development loop',
  'lifecycle.stall.locked': 'p99 of the delay of the event loop while another process has locked the database',
} as const;
