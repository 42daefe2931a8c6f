// From a manifest to a launch.

import { isAbsolute, resolve } from 'node:path';
import { RuntimeError } from '../errors/index.ts';
import { DEFAULT_ENVIRONMENT_NAMES } from '../policy/index.ts';
import type { LaunchOptions } from './launch-options.ts';
import type { LoadedManifest, Manifest } from './manifest/index.ts';
import { PLACEMENTS } from './placements.ts';
import type { PlacementName } from './placements.ts';
import type { PluginEventOptions } from './plugin-event-options.ts';

/**
 * How a plugin is launched that has the manifest. `config` is what `pluginConfig` made of the given one; `asked` is the
 * placement that the operator wants, by default the one that the manifest prefers.
 *
 * @throws PLACEMENT_UNSUPPORTED when the manifest allows none that the host has, or not the one that is asked for
 */
export function manifestLaunch(
  { manifest, directory }: LoadedManifest,
  config: unknown,
  asked?: PlacementName,
): LaunchOptions {
  const placement = choosePlacement(manifest, asked);
  const { name, run, kinds, permissions, deadlines, health, restart } = manifest;
  const at = (path: string): string => resolve(directory, path);
  const { startMs: startTimeoutMs, drainMs, graceMs, terminateMs } = deadlines;
  return {
    name,
    kinds,
    ...programOf(manifest, placement, at),
    cwd: at(run.cwd),
    env: run.env,
    inheritEnv: [...DEFAULT_ENVIRONMENT_NAMES, ...permissions.env],
    contract: run.contract,
    network: run.network,
    ...given({
      handshake: run.handshake,
      versions: run.versions,
      config,
      restart,
      startTimeoutMs,
      memoryMb: manifest.placement.memoryMb,
      events: eventsOf(manifest),
      checksum:
        run.checksum === undefined || run.checksumDirectory === undefined
          ? undefined
          : { directory: at(run.checksumDirectory), sha256: run.checksum },
    }),
    stop: given({ drainMs, graceMs, terminateMs }),
    health: given(health),
  };
}

type Program = Pick<LaunchOptions, 'placement' | 'command' | 'module' | 'args'>;

function programOf({ run }: Manifest, placement: PlacementName, at: (path: string) => string): Program {
  const { command = '', node, args } = run;
  if (node !== undefined && placement !== 'process') return { placement, module: at(node), args };
  if (node !== undefined) return { command: process.execPath, args: [at(node), ...args] };
  // A bare name is looked up in PATH, as a shell does it.
  const isPath = command.includes('/') || isAbsolute(command);
  return { command: isPath ? at(command) : command, args };
}

/** What the plugin gets and may emit; undefined when it has nothing to do with events. */
function eventsOf({ kinds, events, permissions, deadlines }: Manifest): PluginEventOptions | undefined {
  if (!kinds.includes('events')) return undefined;
  const { rate_limit: rateLimit, subscribe = [], emit, ...bounds } = events ?? {};
  return given({
    ...bounds,
    subscribe,
    emit: emit ?? permissions.events.emit ?? [],
    rateLimit,
    handlerMs: deadlines.handlerMs,
  });
}

/** What is preferred if the host has it, else the first of those allowed that the host has. */
function choosePlacement({ name, placement }: Manifest, asked: PlacementName | undefined): PlacementName {
  const { allow, prefer = allow[0] } = placement;
  if (asked !== undefined) {
    if (allow.includes(asked)) return asked;
    const text = `plugin "${name}" does not allow the placement ${asked}, only ${allow.join(', ')}`;
    throw new RuntimeError('PLACEMENT_UNSUPPORTED', text);
  }
  const [chosen] = [...(prefer === undefined ? [] : [prefer]), ...allow].filter(isKnown);
  if (chosen !== undefined) return chosen;
  const text = `plugin "${name}" wants the placement ${prefer}, and none of ${PLACEMENTS.join(', ')}`;
  throw new RuntimeError('PLACEMENT_UNSUPPORTED', text);
}

function isKnown(name: string): name is PlacementName {
  return PLACEMENTS.some((known) => known === name);
}

/** Without what is not given: an option that is undefined is another thing than none. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
