import { createPluginProcessLogic } from '../actors/index.ts';
import type { ActorRef, ActorSystem, CallAdmission } from '../actors/index.ts';
import type { ProcessPolicy } from '../policy/index.ts';
import type { CrashPort, Placement } from '../ports/index.ts';
import { createCallGate } from './call-gate.ts';
import { Edition } from './edition.ts';
import { Instances } from './instances.ts';
import type { ServiceMap } from './launch-options.ts';
import type { PluginEvents } from './plugin-events.ts';

/** A version of a plugin that is about to be started. */
export interface EditionStart {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Name of its actor. */
  readonly actorName: string;
  readonly kinds: readonly string[] | undefined;
  readonly services: (version: number | undefined) => ServiceMap;
  readonly policy: ProcessPolicy;
  readonly placement: Placement;
  readonly events: PluginEvents;
}

/** What it is started with. */
export interface EditionPorts {
  readonly system: ActorSystem;
  readonly parent: ActorRef<never>;
  readonly crashes: CrashPort;
}

/**
 * Starts a version of a plugin.
 *
 * @throws NAME_TAKEN and SYSTEM_STOPPED as the system's `spawn`
 */
export function startEdition(start: EditionStart, { system, parent, crashes }: EditionPorts): Edition {
  const { plugin, actorName, kinds, services, policy, placement, events } = start;
  const { environment } = system;
  const instances = new Instances(events.place(placement));
  const gate = createCallGate({
    refusal: () => edition.refusal(),
    explain: (error, connection) => edition.explain(error, connection),
  });
  const admission: CallAdmission = {
    admit(connection) {
      instances.connect(connection);
      gate.admit(connection);
      edition.entered();
      events.ready(connection);
    },
    refuse() {
      gate.refuse();
      edition.left();
    },
    async drained(signal) {
      const calls = edition.isRetired ? undefined : gate.drained(signal);
      await Promise.all([calls, events.drain(edition.isToEnd)]);
    },
  };
  const ownCrashes = crashesOf(crashes, () => edition.isCurrent);
  const actor = system.spawn(
    createPluginProcessLogic({ placement: instances, admission, crashes: ownCrashes, environment }),
    { name: actorName, parent, input: { plugin, policy } },
  );
  const { clock, scheduler } = environment;
  const { drainMs } = policy.stop;
  const edition: Edition = new Edition({
    plugin,
    kinds,
    actor,
    gate,
    events,
    instances,
    services,
    drainMs,
    clock,
    scheduler,
  });
  return edition;
}

/** A version that users do not see is not started again after a crash, and the plugin is not blamed for it. */
function crashesOf(crashes: CrashPort, isCurrent: () => boolean): CrashPort {
  return {
    report: (crash) => (isCurrent() ? crashes.report(crash) : Promise.resolve('quarantine')),
    reset: (plugin) => crashes.reset(plugin),
  };
}
