import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createArtifactStore,
  createBreaker,
  createHost,
  createLifecycle,
  createRealEnvironment,
  provideSdk,
} from 'troupe';
import { openSqliteStore } from 'troupe/stores';

const directory = await mkdtemp(join(tmpdir(), 'troupe-lifecycle-'));
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// These plugins bring no packages of their own.
await provideSdk(directory);

/** A host, a database, and the lifecycle between them; all of it is closed when the work is done. */
async function session(work: (lifecycle: ReturnType<typeof createLifecycle>) => Promise<void>): Promise<void> {
  const environment = createRealEnvironment();
  const breaker = createBreaker(environment.clock);
  const host = createHost({ environment, crashes: breaker });
  const store = await openSqliteStore({ path: join(directory, 'troupe.db') });
  const artifacts = createArtifactStore({
    root: join(directory, 'artifacts'),
    environment,
    trust: { policies: { directory: 'off' } },
  });
  const lifecycle = createLifecycle({
    host,
    store,
    artifacts,
    breaker,
    dataRoot: join(directory, 'data'),
    times: { probationMs: 200 },
  });
  try {
    await work(lifecycle);
  } finally {
    await lifecycle.stop();
    await store.close();
    await host.stop();
  }
}

try {
  await session(async (lifecycle) => {
    await lifecycle.install({ kind: 'directory', path: at('./v1') }, { activate: true });
    const greet = () => lifecycle.plugin('greeter')?.operations().execute('greet');
    console.log('1.0.0 says', await greet());

    const { version } = await lifecycle.update('greeter', { kind: 'directory', path: at('./v2') });
    console.log(version, 'says', await greet());
    const back = await lifecycle.rollback('greeter');
    console.log('rolled back to', back.version);
    const forth = await lifecycle.rollback('greeter', { version: '2.0.0' });
    console.log('and forth to', forth.version);
  });

  // Another host on the same database finds what was active.
  await session(async (lifecycle) => {
    const { started } = await lifecycle.boot();
    console.log(
      'after a restart:',
      started.join(', '),
      'says',
      await lifecycle.plugin('greeter')?.operations().execute('greet'),
    );
    await lifecycle.deactivate('greeter');
    await lifecycle.uninstall('greeter');
    for (const { sequence, event } of await lifecycle.audit('greeter')) console.log(`${sequence} ${event}`);
  });
} finally {
  await rm(directory, { recursive: true });
}
