import { RuntimeError } from '../errors/index.ts';
import type { VerifyReport } from '../machines/index.ts';
import type { CallOptions } from '../ports/index.ts';
import type { Edition } from './edition.ts';
import { operationsOf, stepsOf } from './kind-clients.ts';

/** Milliseconds that each call of a verification may take. */
const CALL_MS = 10_000;

/** Asks a version whether it is well and what it offers. What it has promised and does not offer is a failure. */
export async function verifyEdition(plugin: string, edition: Edition, signal: AbortSignal): Promise<VerifyReport> {
  await edition.checkHealth(signal);
  const target = { plugin, connection: edition.gate };
  const options: CallOptions = { timeoutMs: CALL_MS, signal };
  const operations = await offered(edition, 'operations', () => operationsOf(target).list(options));
  const steps = await offered(edition, 'steps', () => stepsOf(target).list(options));
  return { operations, steps };
}

async function offered(
  { kinds }: Edition,
  kind: string,
  list: () => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[] | undefined> {
  if (kinds !== undefined && !kinds.includes(kind)) return undefined;
  try {
    return (await list()).map(({ name }) => name);
  } catch (error) {
    // Nobody has said that it offers any.
    if (kinds === undefined && RuntimeError.from(error).code === 'KIND_MISSING') return undefined;
    throw error;
  }
}
