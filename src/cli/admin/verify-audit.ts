import { existsSync } from 'node:fs';
import { RuntimeError } from '../../errors/index.ts';
import type { AuditChain } from '../../gen/troupe/admin/v1/admin.ts';
import { dataDirectoryAt, readSecret, verifyAudit } from '../../host/index.ts';
import { openSqliteStore } from '../../stores/index.ts';
import { answerOf, withAdmin } from './admin-client.ts';
import { dataDirectoryOf } from './data-flag.ts';

/**
 * Checks the chain of the audit: the host does it, as it has the key and the store; without a host it is done here, with
 * what the directory has.
 */
export async function verifiedChains(
  data: string | undefined,
  plugin: string | undefined,
): Promise<readonly AuditChain[]> {
  try {
    const answer = await withAdmin(data, ({ service }) => service.verifyAudit({ plugin: plugin ?? '' }));
    return answerOf(answer).chains;
  } catch (error) {
    if (RuntimeError.from(error).code !== 'HOST_NOT_RUNNING') throw error;
    const { database, auditKey } = dataDirectoryAt(dataDirectoryOf(data));
    if (!existsSync(database)) throw error;
    const key = await readSecret(auditKey);
    if (key !== undefined) return verifiedHere(database, key, plugin);
    const text = `${auditKey} is missing: without it nobody can check the audit in ${database}`;
    throw new RuntimeError('SECRET_FILE_INVALID', text, { cause: error });
  }
}

async function verifiedHere(path: string, key: string, plugin: string | undefined): Promise<readonly AuditChain[]> {
  const store = await openSqliteStore({ path });
  try {
    const { chains } = await verifyAudit(store, key, { plugin });
    return chains.map(({ plugin: name, entries, unsealed, problem }) => ({
      plugin: name,
      entries: BigInt(entries),
      unsealed: BigInt(unsealed),
      problem: problem?.message ?? '',
      problemAt: BigInt(problem?.sequence ?? 0),
    }));
  } finally {
    await store.close();
  }
}
