import { describe, expect, it } from 'vitest';
import { createAuditor, verifyAudit } from '../../src/host/audit/index.ts';
import type { Auditor, AuditReport, AuditStopReport } from '../../src/host/audit/index.ts';
import type { AuditEntry, LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { createMemoryStore } from '../../src/stores/index.ts';
import { defineScenario, explore, noLeaks } from '../../src/testing/index.ts';
import type { ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { draft, KEY, recordingSink, withoutRepeats } from '../../test/host/audit/support.ts';
import type { RecordingSink } from '../../test/host/audit/support.ts';
import { raceSize } from './race-size.ts';

describe('the audit', () => {
  it('is one chain that each sink gets in order when 2 relays, 2 writers and 2 stops meet', async () => {
    const seen = new Set<string>();
    const scenario = defineScenario({
      name: 'relay x relay x write x stop',
      setup(context) {
        const { client, system } = context;
        const table = createMemoryStore({ clock: context.environment.clock });
        const sinks = ['one', 'two'].map((name) => recordingSink(name));
        const [first, second] = sinks.map((sink) =>
          createAuditor({
            key: KEY,
            system,
            settleMs: 0,
            batchSize: 2,
            store: held(context, sink.name, table),
            sinks: [sink],
          }),
        ) as [Auditor, Auditor];
        const write = (id: string) => async () => {
          await table.commit({ id, audit: [draft('kv')] });
          first.notify();
        };
        client('writes', write('a'), write('b'));
        client('writes too', write('c'));
        const state: State = { sinks, reports: [], audit: undefined };
        const stop = (auditor: Auditor, sink: RecordingSink) => async () => {
          const [head] = await table.auditHeads();
          const report = await auditor.stop({ deadlineMs: 1_000 });
          state.reports.push({ ...report, wanted: head?.last ?? 0, got: withoutRepeats(sink.taken).length });
          if (state.reports.length < 2) return;
          state.audit = await verifyAudit(table, KEY, { sinks: ['one', 'two'] });
        };
        client('stops the first', stop(first, sinks[0] as RecordingSink));
        client('stops the second', stop(second, sinks[1] as RecordingSink));
        return state;
      },
      oracles: [noLeaks()],
      completes: true,
      check({ sinks, reports, audit }): Verdict {
        seen.add(sinks.map(({ taken }) => taken.length).join());
        const problem = audit?.chains.flatMap(({ problems }) => problems)[0];
        if (problem !== undefined) return problem.message;
        for (const { taken } of sinks) {
          const fresh = withoutRepeats(taken);
          const isInOrder = fresh.every((text, index) => text === `kv/${index + 1}`);
          if (!isInOrder) return `a sink got ${taken.join(' ')}`;
        }
        for (const { isCaughtUp, got, wanted } of reports) {
          seen.add(isCaughtUp ? 'caught up' : 'cut short');
          if (isCaughtUp && got < wanted) return `a stop says that all is delivered, with ${got} of ${wanted}`;
        }
        return reports.length === 2 || `${reports.length} stops`;
      },
    });

    const result = await explore(scenario, raceSize(300));

    expect(result.distinct).toBeGreaterThan(50);
    expect([...seen]).toEqual(expect.arrayContaining(['caught up', 'cut short']));
  });

  it('has every denial that was told before a stop, once, when denials, polls and the stop meet', async () => {
    const seen = new Set<string>();
    const scenario = defineScenario({
      name: 'deny x poll x stop',
      setup(context) {
        const { client, system, environment } = context;
        const table = createMemoryStore({ clock: environment.clock });
        const store = held(context, 'store', table);
        const options = { key: KEY, system, store, settleMs: 0, pollMs: 10, denialWindowMs: 15 };
        const auditor = createAuditor(options);
        const denial = { plugin: 'kv', permission: 'worker' };
        const state: DenialState = { auditor, told: 0, entries: [], report: undefined };
        const deny = (): void => {
          if (state.report === undefined) state.told++;
          auditor.denials(denial);
        };
        client('denies', deny, deny);
        client('denies later', deny, deny);
        client('stops', async () => {
          state.report = await auditor.stop({ deadlineMs: 1_000 });
          state.entries = await table.auditEntries('kv', 0, 100);
        });
        return state;
      },
      oracles: [noLeaks()],
      completes: true,
      check({ auditor, told, entries, report }): Verdict {
        const written = entries.reduce((sum, { data }) => sum + Number(data['count']), 0);
        const { denialsLost: lost = 0, denialsUnclear: unclear = 0 } = report ?? {};
        seen.add(
          `${entries.length} entries, ${lost} lost, ${unclear} unclear, ${auditor.status().denials - told} late`,
        );
        const isRight = written + lost <= told && told <= written + lost + unclear;
        return isRight || `${written} written, ${lost} lost and ${unclear} unclear of ${told}`;
      },
    });

    const result = await explore(scenario, raceSize(300));

    expect(result.distinct).toBeGreaterThan(20);
    expect(seen.size).toBeGreaterThan(2);
  });
});

// Helpers

interface State {
  readonly sinks: readonly RecordingSink[];
  /** With the entries that there were when the stop began, and that the sink had when it was over. */
  readonly reports: (AuditStopReport & { readonly wanted: number; readonly got: number })[];
  audit: AuditReport | undefined;
}

interface DenialState {
  readonly auditor: Auditor;
  /** Before the stop was over. */
  told: number;
  entries: readonly AuditEntry[];
  report: AuditStopReport | undefined;
}

/** The store as one host sees it: every answer comes whenever the schedule chooses. */
function held({ port }: ScheduleContext, name: string, table: LifecycleStore): LifecycleStore {
  const snapshots = port(`${name}-snapshots`, table.snapshots);
  const store = port(name, table);
  return new Proxy(store, {
    get: (target, property) => (property === 'snapshots' ? snapshots : Reflect.get(target, property, target)),
  });
}
