// The row about events: one is published for each pattern that the plugin subscribes to.

import type { NamedRow, RowResult, RunningPlugin } from './conformance-row.ts';

/** Milliseconds for all of them. */
const HANDLED_MS = 10_000;
const LOOK_MS = 20;

/** The row, for a plugin that subscribes to something. */
export function eventRows(running: RunningPlugin): readonly NamedRow[] {
  const { kinds, events } = running.manifest;
  if (!kinds.includes('events') || (events?.subscribe ?? []).length === 0) return [];
  return [['events.handled', () => publishAll(running)]];
}

async function publishAll({ host, manifest, clock }: RunningPlugin): Promise<RowResult> {
  const types = (manifest.events?.subscribe ?? []).map(typeFor);
  for (const type of types) host.bus.publish({ type, payload: {}, metadata: { conformance: 'true' } });
  const countersOf = () => host.bus.subscriptions().find(({ name }) => name === manifest.name)?.counters;
  const startedAt = clock.monotonic();
  for (;;) {
    const counters = countersOf();
    if (counters === undefined) return { verdict: 'failed', detail: 'gets no events' };
    const { delivered, failed } = counters;
    if (delivered + failed >= types.length) return verdictOf(types, failed);
    if (clock.monotonic() - startedAt > HANDLED_MS) {
      const detail = `${delivered + failed} of ${types.length} events were handled within ${HANDLED_MS} ms`;
      return { verdict: 'failed', detail };
    }
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, LOOK_MS));
  }
}

/** A handler may refuse an event without a payload. */
function verdictOf(types: readonly string[], failed: number): RowResult {
  if (failed === 0) return types.join(', ');
  return {
    verdict: 'warning',
    detail: `${failed} of ${types.length} handlers failed on an event with an empty payload`,
  };
}

/** A type that the pattern matches. */
function typeFor(pattern: string): string {
  if (pattern === '*' || pattern === '**') return 'troupe.conformance';
  return pattern
    .split('.')
    .map((part) => (part === '*' || part === '**' ? 'conformance' : part))
    .join('.');
}
