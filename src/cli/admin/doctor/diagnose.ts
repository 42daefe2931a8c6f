// `troupe plugin doctor`: the machine, the data directory, the host, and what only the host can see.

import { RuntimeError } from '../../../errors/index.ts';
import { CheckStatus } from '../../../gen/troupe/admin/v1/admin.ts';
import type { DiagnosticCheck, GetHealthResponse } from '../../../gen/troupe/admin/v1/admin.ts';
import { dataDirectoryAt, readRunningHost } from '../../../host/index.ts';
import type { DataDirectory } from '../../../host/index.ts';
import { createRealClock } from '../../../ports/index.ts';
import { connectAdmin } from '../admin-client.ts';
import { dataDirectoryOf } from '../data-flag.ts';
import { failed, ok, warning } from './check.ts';
import type { Check } from './check.ts';
import { checkDirectory, checkSecrets, checkSocketPath, socketExists } from './directory-checks.ts';
import { checkDatabase, checkLeases } from './database-checks.ts';
import { checkDiskSpace, checkNode, checkTools } from './machine-checks.ts';

/** Looks at everything. Never rejects: what cannot be looked at is a check that failed. */
export async function diagnose(flag: string | undefined): Promise<readonly Check[]> {
  const places = dataDirectoryAt(dataDirectoryOf(flag));
  const running = await readRunningHost(places);
  const now = createRealClock().now();
  return [
    checkNode(),
    await guarded('directory', () => checkDirectory(places)),
    await guarded('secrets', () => checkSecrets(places)),
    checkSocketPath(places),
    await guarded('disk', () => checkDiskSpace(places.root)),
    await guarded('tools', () => checkTools()),
    ...(await hostChecks(places)),
    await guarded('leases', () => checkLeases(places, running, now)),
  ];
}

async function hostChecks(places: DataDirectory): Promise<readonly Check[]> {
  try {
    const admin = await connectAdmin(places.root);
    try {
      const health = await admin.service.getHealth({});
      const { checks } = await admin.service.diagnose({});
      return [hostCheck(health), ...checks.map(checkOf)];
    } finally {
      admin.close();
    }
  } catch (error) {
    const { code, rawMessage } = RuntimeError.from(error);
    if (code !== 'HOST_NOT_RUNNING') return [failed('host', rawMessage)];
    const left = (await socketExists(places))
      ? ' a socket of a host that is gone is left, which the next one removes'
      : '';
    const store = await guarded('store', () => checkDatabase(places));
    return [warning('host', `no host runs here;${left === '' ? ' start one with: troupe run --data' : left}`), store];
  }
}

function hostCheck({ ready, version, pid, problems }: GetHealthResponse): Check {
  const text = `troupe ${version} runs as process ${pid}`;
  return ready ? ok('host', text) : warning('host', `${text} and is not ready`, problems);
}

const STATUSES: Readonly<Record<CheckStatus, Check['status']>> = {
  [CheckStatus.CHECK_STATUS_OK]: 'ok',
  [CheckStatus.CHECK_STATUS_WARNING]: 'warning',
  [CheckStatus.CHECK_STATUS_FAILED]: 'failed',
  [CheckStatus.CHECK_STATUS_UNSPECIFIED]: 'warning',
  [CheckStatus.UNRECOGNIZED]: 'warning',
};

function checkOf({ name, status, message, details }: DiagnosticCheck): Check {
  return { name, status: STATUSES[status], message, details };
}

async function guarded(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return failed(name, RuntimeError.from(error).rawMessage);
  }
}
