import { describe } from 'vitest';
import { declareTrials } from './trials.ts';

describe('a host that is killed with SIGKILL at every await of every operation, on SQLite', () => {
  declareTrials(0, () => undefined);
});
