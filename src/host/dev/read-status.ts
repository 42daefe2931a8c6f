import { InvalidOptionsError } from '../../errors/index.ts';
import type { Lifecycle } from '../lifecycle/types.ts';
import type { OpsRequest, OpsResponse } from '../ops/ops-handler.ts';
import { answerError, answerWith } from './dev-answer.ts';

/** Answers what the host knows about a plugin; 404 when it is not installed. Never rejects. */
export async function readStatus({ query }: OpsRequest, lifecycle: Lifecycle): Promise<OpsResponse> {
  try {
    const plugin = query.get('plugin');
    if (plugin === null || plugin === '') throw new InvalidOptionsError('plugin', 'must name a plugin');
    const { row, process } = await lifecycle.get(plugin);
    return answerWith({
      plugin: { name: row.slug, version: row.version },
      state: row.state,
      version: row.version,
      digest: row.digest,
      permissions: row.permissions,
      failure: row.failure,
      process: process === undefined ? undefined : { state: process.state, pid: process.pid },
    });
  } catch (error) {
    return answerError(error);
  }
}
