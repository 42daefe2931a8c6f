import { afterAll, beforeAll } from 'vitest';
import { describeWithPeer } from '../../peers/peers.ts';
import type { PostgresCluster } from '../../peers/postgres/cluster.ts';
import { startPostgres } from '../../peers/postgres/cluster.ts';
import { declareTrials } from './trials.ts';

const TITLE = 'a host that is killed with SIGKILL at every await of every operation, on PostgreSQL';

describeWithPeer('postgres', TITLE, () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  declareTrials(1, () => cluster);
});
