import { describe, expect, it } from 'vitest';
import { createDevLoopLogic } from '../../src/actors/index.ts';
import type { Actor, DevLoopPorts, DevWatchFacts } from '../../src/actors/index.ts';
import { createUploadTurns } from '../../src/host/dev/upload-turns.ts';
import type { DevLoopInput, devLoopMachine, DevUploadInput } from '../../src/machines/index.ts';
import { diffPermissions } from '../../src/policy/index.ts';
import { defineScenario, explore } from '../../src/testing/index.ts';
import type { ScheduleContext, Verdict } from '../../src/testing/index.ts';
import { raceSize } from './race-size.ts';

/** What the author has written: a version, and what it asks for. */
interface Sources {
  version: number;
  permissions: readonly string[];
}

/** What a host did. */
interface FakeHost {
  serving: Sources | undefined;
  /** Versions in the order in which the host took them. */
  readonly taken: number[];
  readonly withoutConsent: string[];
  upload(input: DevUploadInput, session: string): Promise<Sources>;
}

interface Loop {
  readonly actor: Actor<typeof devLoopMachine>;
  readonly facts: () => DevWatchFacts | undefined;
  readonly uploads: { now: number; most: number };
}

describe('the development loop', () => {
  it('race 16: ends with the newest sources in the host when saves meet a build, an upload and a reload', async () => {
    const reached = new Set<string>();
    const scenario = defineScenario({
      name: 'saves x build x upload x reload',
      setup(context) {
        const sources: Sources = { version: 1, permissions: [] };
        const host = createFakeHost(context);
        const loop = startLoop(context, 'one', sources, host);
        context.client('author', ...[2, 3].map((version) => () => save([loop], sources, { version })));
        return { host, loop, sources };
      },
      check({ host, loop, sources }): Verdict {
        // A build that began after a save and before the watcher told it is built once more.
        reached.add([...new Set(host.taken)].join());
        if (loop.uploads.most > 1) return `${loop.uploads.most} uploads at once`;
        if (isUnsorted(host.taken)) return `the host took ${host.taken.join()}`;
        const state = JSON.stringify(loop.actor.snapshot().value);
        if (state !== '{"looping":"watching"}') return `the loop is ${state}`;
        return host.serving?.version === sources.version || `the host serves version ${host.serving?.version}`;
      },
    });

    const result = await explore(scenario, raceSize(800));

    expect(result.distinct).toBeGreaterThan(50);
    expect([...reached].toSorted()).toEqual(['1,2,3', '1,3', '2,3', '3']);
  });

  it('race 16: two loops on one plugin leave the host with the newest sources of one of them', async () => {
    const scenario = defineScenario({
      name: 'two loops on one plugin',
      setup(context) {
        const [mine, yours]: Sources[] = [
          { version: 1, permissions: [] },
          { version: 101, permissions: [] },
        ] as [Sources, Sources];
        const host = createFakeHost(context);
        const one = startLoop(context, 'one', mine as Sources, host);
        const other = startLoop(context, 'other', yours as Sources, host);
        context.client('author', () => save([one], mine as Sources, { version: 2 }));
        context.client('colleague', () => save([other], yours as Sources, { version: 102 }));
        return { host, loops: [one, other] };
      },
      check({ host, loops }): Verdict {
        const states = loops.map(({ actor }) => JSON.stringify(actor.snapshot().value));
        if (states.some((state) => state !== '{"looping":"watching"}')) return states.join();
        for (const session of [host.taken.filter((v) => v < 100), host.taken.filter((v) => v > 100)]) {
          if (isUnsorted(session)) return `one session went back: ${host.taken.join()}`;
        }
        return [2, 102].includes(host.serving?.version ?? 0) || `the host serves version ${host.serving?.version}`;
      },
    });

    const result = await explore(scenario, raceSize(600));

    expect(result.distinct).toBeGreaterThan(50);
  });

  it('race 17: uploads no sensitive permission without consent when a save meets the question', async () => {
    const ends = new Set<string>();
    const scenario = defineScenario({
      name: 'consent x save',
      setup(context) {
        const sources: Sources = { version: 1, permissions: ['net:example.org'] };
        const host = createFakeHost(context);
        const answer = Promise.withResolvers<boolean>();
        const loop = startLoop(context, 'one', sources, host, { askConsent: () => answer.promise });
        context.client('person', () => answer.resolve(true));
        context.client('author', () => save([loop], sources, { version: 2, permissions: [] }));
        return { host, loop, sources };
      },
      check({ host, loop }): Verdict {
        ends.add(host.taken.join());
        if (host.withoutConsent.length > 0) return `without consent: ${host.withoutConsent.join()}`;
        const state = JSON.stringify(loop.actor.snapshot().value);
        if (state !== '{"looping":"watching"}') return `the loop is ${state}`;
        return host.serving?.permissions.length === 0 || 'the host grants what the sources no longer ask for';
      },
    });

    const result = await explore(scenario, raceSize(600));

    expect(result.distinct).toBeGreaterThan(20);
    expect([...ends].toSorted()).toEqual(['1,2', '2']);
  });

  it('D6: ends after a stop at any moment, with nothing left that waits', async () => {
    const scenario = defineScenario({
      name: 'stop x everything',
      setup(context) {
        const sources: Sources = { version: 1, permissions: [] };
        const host = createFakeHost(context);
        const loop = startLoop(context, 'one', sources, host);
        context.client('author', () => save([loop], sources, { version: 2 }));
        context.client('operator', (me) => me.tell(loop.actor, { type: 'stop' }));
        return loop;
      },
      check: ({ actor }): Verdict =>
        actor.snapshot().value === 'stopped' || `ended in ${JSON.stringify(actor.snapshot().value)}`,
    });

    expect((await explore(scenario, raceSize(600))).distinct).toBeGreaterThan(30);
  });
});

// Helpers

function createFakeHost({ port }: ScheduleContext): FakeHost {
  const turns = createUploadTurns<Sources>();
  const [taken, withoutConsent]: [number[], string[]] = [[], []];
  // The host's own work takes as long as the schedule likes.
  const work = port('lifecycle', {
    async update(version: number, permissions: readonly string[]): Promise<Sources> {
      taken.push(version);
      host.serving = { version, permissions };
      return host.serving;
    },
  });
  const host: FakeHost = {
    serving: undefined,
    taken,
    withoutConsent,
    async upload({ artifact, generation, consent }, session) {
      const { digest, permissions } = artifact;
      const { sensitive } = diffPermissions(host.serving?.permissions ?? [], permissions);
      withoutConsent.push(...sensitive.filter((permission) => !consent.includes(permission)));
      const run = (): Promise<Sources> => work.update(Number(digest), permissions);
      return (await turns.take('kv', { session, generation }, run)).answer;
    },
  };
  return host;
}

function startLoop(
  { system, port }: ScheduleContext,
  session: string,
  sources: Sources,
  host: FakeHost,
  more: Partial<DevLoopPorts> = {},
): Loop {
  let facts: DevWatchFacts | undefined;
  const uploads = { now: 0, most: 0 };
  const held: Omit<DevLoopPorts, 'watch'> = port<Omit<DevLoopPorts, 'watch'>>(`${session}.tools`, {
    detect: async () => ({ directory: '/kv', toolchain: 'ts' }),
    async build() {
      const { version, permissions } = sources;
      return { name: 'kv', version: '1.0.0', kind: 'bundle' as const, digest: String(version), permissions };
    },
    async compare({ artifact }: Parameters<DevLoopPorts['compare']>[0]) {
      const { permissions: all } = artifact;
      const granted = host.serving?.permissions;
      const { added, removed, sensitive } = diffPermissions(granted ?? [], all);
      return { isKnown: granted !== undefined, all, added, removed, sensitive };
    },
    async upload(input: DevUploadInput) {
      uploads.now += 1;
      uploads.most = Math.max(uploads.most, uploads.now);
      const { permissions } = await host.upload(input, session).finally(() => (uploads.now -= 1));
      return { name: 'kv', version: '1.0.0', action: 'reloaded' as const, permissions, warnings: [] };
    },
    verify: async () => {},
    askConsent: async () => true,
    ...more,
  });
  const ports: DevLoopPorts = {
    ...held,
    watch(_, given) {
      facts = given;
      return () => {
        facts = undefined;
      };
    },
  };
  const input: DevLoopInput = { buildTimeoutMs: 1e9, requestTimeoutMs: 1e9 };
  const actor = system.spawn(createDevLoopLogic(ports), { name: `${session}-loop`, input });
  return { actor, uploads, facts: () => facts };
}

/** The watcher begins with what is there: a save before it is in the first build. */
function save(loops: readonly Loop[], sources: Sources, change: Partial<Sources>): void {
  Object.assign(sources, change);
  for (const { facts } of loops) facts()?.changed();
}

function isUnsorted(versions: readonly number[]): boolean {
  return versions.some((version, index) => version < (versions[index - 1] ?? 0));
}
