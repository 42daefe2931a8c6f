import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, isRuntimeError } from 'troupe';
import { KeyValueService } from './contract.ts';

const here = import.meta.dirname;
// The plugin's message classes. A project would make them when it is built.
const messages = mkdtempSync(join(tmpdir(), 'kv-'));
const host = createHost({ process: { backoff: { initialMs: 200 } } });

try {
  execFileSync('protoc', [`--proto_path=${here}`, `--python_out=${messages}`, 'kv.proto']);
  const plugin = await host.launch({
    name: 'kv',
    // The Python of the distribution, which finds the distribution's packages.
    command: '/usr/bin/python3',
    args: [join(here, 'plugin.py')],
    env: { PYTHONPATH: messages },
    handshake: { cookieKey: 'KV_PLUGIN', cookieValue: 'hello' },
    versions: [1, 2],
    services: { kv: KeyValueService },
  });
  const kv = plugin.dispense('kv');
  console.log(`the plugin in Python speaks version ${plugin.status().version}`);

  await kv.put({ key: 'greeting', value: 'héllo' });
  console.log('greeting:', (await kv.get({ key: 'greeting' })).value);
  console.log('keys:', (await kv.list({})).keys.join(', '));
  await kv.get({ key: 'nothing' }).catch((error: unknown) => {
    if (!isRuntimeError(error)) throw error;
    console.log(`nothing: ${error.code}, ${error.rawMessage}`);
  });

  // A crash, as the host sees it. It starts the plugin again, with new certificates.
  const restarted = new Promise<void>((resolve) => {
    plugin.onFact((fact) => fact.type === 'plugin.ready' && resolve());
  });
  process.kill(plugin.status().pid ?? 0, 'SIGKILL');
  await restarted;
  console.log('keys after a crash:', (await kv.list({})).keys.length);
} finally {
  const { stopped, forced } = await host.stop();
  console.log(`stopped: ${stopped.join(', ')}; by force: ${forced.length}`);
  rmSync(messages, { recursive: true });
}
