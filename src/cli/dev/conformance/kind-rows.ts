// The rows about operations, validators and steps.

import { isAnswer } from './conformance-row.ts';
import type { NamedRow, RowResult, RunningPlugin } from './conformance-row.ts';

/** Milliseconds for one call. */
const CALL_MS = 10_000;
/** A name that no plugin has. */
const UNKNOWN = 'troupe.conformance.unknown';

/** Rows for the kinds that the manifest names. */
export function kindRows(running: RunningPlugin): readonly NamedRow[] {
  const { kinds } = running.manifest;
  const rows: NamedRow[] = [];
  if (kinds.includes('operations')) {
    rows.push(
      ['operations.listed', () => listOperations(running)],
      ['operations.answer', () => callOperations(running)],
    );
  }
  if (kinds.includes('validators')) rows.push(['validators.answer', () => callValidators(running)]);
  if (kinds.includes('steps')) {
    rows.push(['steps.listed', () => listSteps(running)], ['steps.answer', () => callSteps(running)]);
  }
  return rows;
}

async function listOperations({ plugin }: RunningPlugin): Promise<RowResult> {
  const names = (await plugin.operations().list({ timeoutMs: CALL_MS })).map(({ name }) => name);
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  if (!isSorted) return { verdict: 'failed', detail: 'the list is not sorted by name, or has a name twice' };
  return names.length === 0 ? { verdict: 'warning', detail: 'offers none' } : names.join(', ');
}

async function callOperations({ plugin, execute }: RunningPlugin): Promise<RowResult> {
  const operations = plugin.operations();
  const names = (await operations.list({ timeoutMs: CALL_MS })).map(({ name }) => name);
  const refusal = await answers(() => operations.execute(UNKNOWN, {}, { timeoutMs: CALL_MS }));
  if (refusal !== 'refused')
    return { verdict: 'failed', detail: `does not refuse an operation that it has not (${refusal})` };
  for (const name of execute ? names : []) {
    const outcome = await answers(() => operations.execute(name, {}, { timeoutMs: CALL_MS }));
    if (outcome !== 'done' && outcome !== 'refused') return { verdict: 'failed', detail: `"${name}" ${outcome}` };
  }
  return execute ? `${names.length} executed` : 'none executed';
}

async function callValidators({ plugin }: RunningPlugin): Promise<RowResult> {
  const outcome = await answers(() => plugin.validators().validate({}, undefined, { timeoutMs: CALL_MS }));
  return outcome === 'done' || outcome === 'refused' ? undefined : { verdict: 'failed', detail: outcome };
}

async function listSteps({ plugin }: RunningPlugin): Promise<RowResult> {
  const names = (await plugin.steps().list({ timeoutMs: CALL_MS })).map(({ name }) => name);
  return names.length === 0 ? { verdict: 'warning', detail: 'offers none' } : names.join(', ');
}

async function callSteps({ plugin, execute }: RunningPlugin): Promise<RowResult> {
  const steps = plugin.steps();
  const types = (await steps.list({ timeoutMs: CALL_MS })).map(({ name }) => name);
  const run = (type: string): Promise<string> =>
    answers(() => steps.execute({ type, name: 'conformance', config: {}, input: {} }, { timeoutMs: CALL_MS }));
  const refusal = await run(UNKNOWN);
  if (refusal !== 'refused')
    return { verdict: 'failed', detail: `does not refuse a step that it has not (${refusal})` };
  for (const type of execute ? types : []) {
    const outcome = await run(type);
    if (outcome !== 'done' && outcome !== 'refused') return { verdict: 'failed', detail: `"${type}" ${outcome}` };
  }
  return execute ? `${types.length} executed` : 'none executed';
}

/** `done`, `refused`, or what is wrong with how the plugin takes the call. */
async function answers(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'done';
  } catch (error) {
    if (isAnswer(error)) return 'refused';
    return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
