// From a manifest to a launch.

import { isAbsolute, resolve } from 'node:path';
import { RuntimeError } from '../errors/index.ts';
import { DEFAULT_ENVIRONMENT_NAMES } from '../policy/index.ts';
import type { LaunchOptions } from './launch-options.ts';
import type { LoadedManifest, Manifest } from './manifest/index.ts';
import type { PluginEventOptions } from './plugin-event-options.ts';

/** How a plugin is launched that has the manifest. `config` is what `pluginConfig` made of the given one. */
export function manifestLaunch({ manifest, directory }: LoadedManifest, config: unknown): LaunchOptions {
  requireProcess(manifest);
  const { name, run, kinds, permissions, deadlines, health, restart } = manifest;
  const at = (path: string): string => resolve(directory, path);
  const { startMs: startTimeoutMs, drainMs, graceMs, terminateMs } = deadlines;
  return {
    name,
    kinds,
    ...commandOf(manifest, at),
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

function commandOf({ run }: Manifest, at: (path: string) => string): { command: string; args: readonly string[] } {
  if (run.node !== undefined) return { command: process.execPath, args: [at(run.node), ...run.args] };
  const { command = '' } = run;
  // A bare name is looked up in PATH, as a shell does it.
  const isPath = command.includes('/') || isAbsolute(command);
  return { command: isPath ? at(command) : command, args: run.args };
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

function requireProcess({ name, placement: { allow, prefer = allow[0] } }: Manifest): void {
  // A preference is none of the host's business as long as there is a placement that it has.
  if (allow.includes('process')) return;
  throw new RuntimeError('PLACEMENT_UNSUPPORTED', `plugin "${name}" wants the placement ${prefer}, and not process`);
}

/** Without what is not given: an option that is undefined is another thing than none. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
