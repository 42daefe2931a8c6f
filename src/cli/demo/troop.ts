// The plugins of the demo with those who call them, and what was seen of them.

import { PluginCrashedError, RuntimeError } from '../../errors/index.ts';
import { WorkerServiceService } from '../../gen/troupe/demo/v1/demo.ts';
import type { Host, Plugin } from '../../host/index.ts';
import type { Clock, ServiceClient } from '../../ports/index.ts';
import { printable } from '../printable.ts';
import type { Tone } from '../style.ts';
import { startCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { CAST } from './cast.ts';
import type { Role } from './cast.ts';
import { pluginCommand } from './plugin-command.ts';
import type { PluginRow } from './view/view.ts';
import type { WorkerConfig } from './worker.ts';
import { journalFile } from './workspace.ts';

/** A plugin that plays, with its caller. */
export interface Player {
  readonly role: Role;
  readonly plugin: Plugin;
  readonly client: ServiceClient<typeof WorkerServiceService>;
  /** Undefined until the calls start. */
  caller: Caller | undefined;
}

/** What a troop is made of. */
export interface TroopOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** Directory of the journals. */
  readonly journals: string;
  /** Ends the launches. */
  readonly signal: AbortSignal;
  /** Hears of calls that fail, and of the first that succeed again. */
  readonly say: (about: string, text: string, tone?: Tone) => void;
}

const CALL_EVERY_MS = 30;

/** All of them. */
export interface Troop {
  /** Starts the plugins, all at once. Rejects when one cannot start. */
  launch(): Promise<void>;
  /** Starts to call all of them. */
  startCalls(): void;
  /** Makes no further calls. Settles when the last ones have ended. */
  stopCalls(): Promise<void>;
  /** A plugin of the cast; throws before it was launched. */
  player(name: Role['name']): Player;
  /** One row for each plugin of the cast, launched or not. */
  rows(): PluginRow[];
}

/** Puts a troop together; nothing is started yet. Whoever starts the calls stops them. */
export function createTroop(options: TroopOptions): Troop {
  return new DemoTroop(options);
}

class DemoTroop implements Troop {
  readonly #options: TroopOptions;
  readonly #players = new Map<string, Player>();

  constructor(options: TroopOptions) {
    this.#options = options;
  }

  async launch(): Promise<void> {
    await Promise.all(CAST.map((role) => this.#launch(role)));
  }

  startCalls(): void {
    for (const player of this.#players.values()) player.caller = this.#startCaller(player);
  }

  async stopCalls(): Promise<void> {
    await Promise.all([...this.#players.values()].map(async ({ caller }) => caller?.stop()));
  }

  player(name: Role['name']): Player {
    const player = this.#players.get(name);
    if (player === undefined) throw new RuntimeError('INTERNAL', `plugin "${name}" of the demo was not launched`);
    return player;
  }

  rows(): PluginRow[] {
    return CAST.map(({ name }) => {
      const caller = this.#players.get(name)?.caller;
      const status = (this.#players.get(name)?.plugin ?? this.#options.host.plugin(name))?.status();
      return {
        name,
        state: status?.state ?? '-',
        pid: status?.pid,
        restarts: status?.restarts ?? 0,
        startMs: status?.startMs,
        ok: caller?.answered.length ?? 0,
        failed: caller?.failed ?? 0,
      };
    });
  }

  async #launch(role: Role): Promise<void> {
    const { host, journals, signal } = this.#options;
    const config: WorkerConfig = {
      journal: journalFile(journals, role.name),
      ...(role.crashAfter === undefined ? {} : { crashAfter: role.crashAfter }),
    };
    const plugin = await host.launch({ name: role.name, ...pluginCommand(role.name), config, signal });
    this.#players.set(role.name, { role, plugin, client: plugin.dispense(WorkerServiceService), caller: undefined });
  }

  #startCaller({ role: { name }, client }: Player): Caller {
    const { clock, say } = this.#options;
    return startCaller({
      plugin: name,
      client,
      clock,
      everyMs: CALL_EVERY_MS,
      onFailure: (id, error) => {
        say(name, `call ${id} fails: ${printable(error.rawMessage)}`, 'bad');
        say(name, `  ${error.name} with ${errorFacts(error)}`, 'faint');
      },
      onRecovery: ({ ms, codes }) => {
        const counts = [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
        say(name, `answers again; calls had failed for ${(ms / 1000).toFixed(1)} s: ${counts}`, 'good');
      },
    });
  }
}

/** What a caller gets to know besides the text. */
function errorFacts(error: RuntimeError): string {
  const code = `code ${error.code}`;
  if (!(error instanceof PluginCrashedError)) return code;
  const { phase, exitCode, signal, stderrTail } = error;
  const end = typeof signal === 'string' ? `signal ${signal}` : `exit code ${exitCode ?? 'unknown'}`;
  const words = stderrTail.at(-1);
  return `${code}, phase ${phase}, ${end}${words === undefined ? '' : `, last words "${printable(words)}"`}`;
}
