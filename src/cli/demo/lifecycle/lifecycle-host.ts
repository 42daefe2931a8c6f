import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuntimeError } from '../../../errors/index.ts';
import { createSilentLogger } from '../../../ports/index.ts';
import { openHostParts } from '../../run/host-parts.ts';
import type { HostParts } from '../../run/host-parts.ts';
import type { SceneStage } from '../stage.ts';
import { prepareDemoDirectory, usualDemoDirectory } from './demo-directory.ts';

/** Where the scene keeps its plugins. */
export interface LifecycleSceneOptions {
  /** Default: the usual place of demos. */
  readonly data: string | undefined;
  /** Clears it first. */
  readonly reset: boolean;
}

/** A host with its directory. Whoever opens it closes the host. */
export interface DemoHost {
  readonly parts: HostParts;
  readonly directory: string;
  /** Whether a later demo finds it. */
  readonly isKept: boolean;
}

const BACKOFF = { initialMs: 100, maxMs: 100, jitter: 'none' } as const;

/** Why the usual place may not be had, which is no reason to have no demo. */
const UNUSABLE: readonly string[] = ['HOST_RUNNING', 'DATA_DIRECTORY_INVALID', 'SECRET_FILE_INVALID'];

/** Opens the host on the directory of the demo; on one for this demo alone when the usual one cannot be had. */
export async function openDemoHost(stage: SceneStage, { data, reset }: LifecycleSceneOptions): Promise<DemoHost> {
  const directory = data ?? usualDemoDirectory();
  try {
    await prepareDemoDirectory(directory, reset);
    return { parts: await reopenDemoHost(stage, directory), directory, isKept: true };
  } catch (error) {
    if (data !== undefined || reset || !isRuntimeError(error) || !UNUSABLE.includes(error.code)) throw error;
    stage.say('demo', `takes a directory for this demo alone, as ${error.rawMessage}`, 'busy');
    const own = await mkdtemp(join(stage.journals, 'data-'));
    return { parts: await reopenDemoHost(stage, own), directory: own, isKept: false };
  }
}

/** Opens a host on a directory that a demo has used. */
export function reopenDemoHost(stage: SceneStage, directory: string): Promise<HostParts> {
  return openHostParts({
    directory,
    config: undefined,
    // A demo does not wait ten seconds to see that a version stays well.
    dev: true,
    logger: createSilentLogger(),
    host: { process: { backoff: BACKOFF }, temporaryRoot: stage.root },
  });
}
