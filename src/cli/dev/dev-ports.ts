// Gives the development loop its tools: the ones of this machine, or those of a test.

import { join, resolve } from 'node:path';
import type { DevLoopPorts, DevWatchFacts } from '../../actors/index.ts';
import { RuntimeError } from '../../errors/index.ts';
import type { DevArtifact } from '../../machines/index.ts';
import type { Clock } from '../../ports/index.ts';
import { comparePermissions } from './compare-permissions.ts';
import { buildProject } from './project/build-project.ts';
import type { BuildPorts, BuiltPlugin } from './project/build-project.ts';
import { detectToolchain } from './project/detect.ts';
import { readProject } from './project/project-facts.ts';
import type { Language, ToolchainName } from './project/toolchains.ts';
import type { DevHostClient } from './upload/host-client.ts';
import { ignoredIn } from './watch/ignored.ts';
import { watchSources } from './watch/watch-sources.ts';
import type { SourceWatch } from './watch/watch-sources.ts';

/** What the tools are made of. */
export interface DevToolOptions extends BuildPorts {
  /** Absolute path. */
  readonly directory: string;
  readonly lang: Language | 'auto';
  readonly client: DevHostClient;
  readonly clock: Clock;
  /** Identity of this loop, for the host. */
  readonly session: string;
  readonly askConsent: DevLoopPorts['askConsent'];
}

/** Milliseconds between two looks at a plugin that is not active yet. */
const LOOK_MS = 250;
const MANIFESTS = ['plugin.yaml', 'plugin.json'];

/** The tools of one loop. */
export function createDevPorts(options: DevToolOptions): DevLoopPorts {
  const { directory, lang, client, clock, session } = options;
  // Only the newest build is ever uploaded.
  let newest: BuiltPlugin | undefined;
  let watched: Promise<void> = Promise.resolve();
  return {
    async detect() {
      return { directory, toolchain: detectToolchain(await readProject(directory), lang) };
    },
    async build({ project }, signal) {
      newest = undefined;
      // A save during the first build has to be seen.
      await watched;
      const built = await buildProject(directory, project.toolchain as ToolchainName, options, signal);
      newest = built;
      return built.artifact;
    },
    async compare(input, signal) {
      const status = await client.status(input.artifact.name, signal);
      return comparePermissions(input, status?.permissions);
    },
    askConsent: options.askConsent,
    upload({ artifact, generation, consent }, signal) {
      const { manifest, manifestName, bytes } = requireBuilt(newest, artifact);
      const { kind } = artifact;
      return client.install({ manifest, manifestName, kind, bytes, consent, session, generation }, signal);
    },
    verify: ({ artifact }, signal) => untilActive(artifact, client, clock, signal),
    watch(project, facts) {
      const watch = startWatch(project.directory, clock, facts);
      watched = watch.ready;
      return () => watch.close();
    },
  };
}

/** Watches what the manifest says, as far as it says something. */
function startWatch(directory: string, clock: Clock, facts: DevWatchFacts): SourceWatch {
  let watch: SourceWatch | undefined;
  let isOver = false;
  const start = async (): Promise<void> => {
    const { loaded } = await readProject(directory);
    if (isOver) return;
    const build = loaded?.manifest.build;
    const own = [join(directory, 'build'), resolve(directory, build?.output ?? 'dist')];
    const only = build === undefined || build.watch.length === 0 ? [] : [...MANIFESTS, ...build.watch];
    watch = watchSources({ directory, isIgnored: ignoredIn({ directory, own, only }), clock }, facts);
    await watch.ready;
  };
  return {
    ready: start().catch((error: unknown) => facts.failed(error)),
    close() {
      isOver = true;
      watch?.close();
    },
  };
}

function requireBuilt(built: BuiltPlugin | undefined, { digest }: DevArtifact): BuiltPlugin {
  if (built?.artifact.digest === digest) return built;
  throw new RuntimeError('INTERNAL', 'the build that is to be uploaded is not there any more');
}

/** Settles when the host says that the plugin is active. */
async function untilActive(
  { name }: DevArtifact,
  client: DevHostClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await client.status(name, signal);
    if (status?.state === 'active') return;
    if (status === undefined || status.failure !== undefined) {
      const reason = status?.failure === undefined ? 'it is not installed' : status.failure.message;
      throw new RuntimeError('UPLOAD_REFUSED', `plugin "${name}" does not run in the host: ${reason}`);
    }
    await pause(clock, signal);
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolvePause, reject) => {
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolvePause();
    }, LOOK_MS);
    const end = (): void => {
      clock.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
