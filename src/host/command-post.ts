import type { Actor } from '../actors/index.ts';
import type { pluginProcessMachine } from '../machines/index.ts';
import type { Scheduler } from '../ports/index.ts';

/** What a handle tells its plugin, the weakest first. */
const STRENGTH = ['plugin.reset', 'plugin.restart', 'plugin.stop', 'plugin.kill'] as const;

/** What a handle tells its plugin. */
export type PluginCommand = (typeof STRENGTH)[number];

/** Takes commands to an actor. A full mailbox must not swallow a stop: the strongest one waits until there is room. */
export class CommandPost {
  readonly #actor: Actor<typeof pluginProcessMachine>;
  readonly #scheduler: Scheduler;
  /** A command that waits for room in the actor's mailbox. */
  #command: PluginCommand | undefined;

  constructor(actor: Actor<typeof pluginProcessMachine>, scheduler: Scheduler) {
    this.#actor = actor;
    this.#scheduler = scheduler;
  }

  tell(type: PluginCommand): void {
    const isWaiting = this.#command !== undefined;
    if (!isWaiting && this.#accepts(type)) return;
    if (this.#command === undefined || STRENGTH.indexOf(type) > STRENGTH.indexOf(this.#command)) this.#command = type;
    if (!isWaiting) this.#retry();
  }

  #retry(): void {
    this.#scheduler.yield(() => {
      if (this.#command === undefined) return;
      if (this.#accepts(this.#command)) this.#command = undefined;
      else this.#retry();
    });
  }

  #accepts(type: PluginCommand): boolean {
    const outcome = this.#actor.tell({ type });
    return outcome.accepted || outcome.reason === 'stopped';
  }
}
