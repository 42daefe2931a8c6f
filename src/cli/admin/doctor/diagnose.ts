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
import { checkDirectory, checkSecrets, checkSettings, checkSocketPath, socketExists } from './directory-checks.ts';
import { checkDatabase, checkLeases } from './database-checks.ts';
import { checkDiskSpace, checkNode, checkTools } from './machine-checks.ts';

/** Looks at everything. Never rejects: what cannot be looked at is a check that failed. */
export async function diagnose(flag: string | undefined): Promise<readonly Check[]> {
  const places = dataDirectoryAt(dataDirectoryOf(flag));
  const now = createRealClock().now();
  const host = await hostChecks(places);
  // What a killed host has said of itself is there still, and no longer so.
  const running = host.isThere ? await readRunningHost(places) : undefined;
  return [
    checkNode(),
    await guarded('directory', () => checkDirectory(places)),
    await guarded('secrets', () => checkSecrets(places)),
    checkSocketPath(places),
    await guarded('disk', () => checkDiskSpace(places.root)),
    await guarded('tools', () => checkTools()),
    await guarded('settings', () => checkSettings(places)),
    ...host.checks,
    await guarded('leases', () => checkLeases(places, running, now)),
  ];
}

interface HostChecks {
  /** Whether a host answers. */
  readonly isThere: boolean;
  readonly checks: readonly Check[];
}

async function hostChecks(places: DataDirectory): Promise<HostChecks> {
  try {
    const admin = await connectAdmin(places.root);
    try {
      const health = await admin.service.getHealth({});
      const { checks } = await admin.service.diagnose({});
      return { isThere: true, checks: [hostCheck(health), ...checks.map(checkOf)] };
    } finally {
      admin.close();
    }
  } catch (error) {
    const { code, rawMessage } = RuntimeError.from(error);
    // It may be there, and too busy to answer: then its leases are its own.
    if (code !== 'HOST_NOT_RUNNING') return { isThere: true, checks: [failed('host', rawMessage)] };
    const left = (await socketExists(places))
      ? ['a socket of a host that is gone is left, which the next one removes']
      : [];
    const store = await guarded('store', () => checkDatabase(places));
    const text = `no host runs here; start one with: troupe run --data ${places.root}`;
    return { isThere: false, checks: [warning('host', text, left), store] };
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
