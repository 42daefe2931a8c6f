// One launch of each kind, timed from the moment before the process is started to the first answer to a unary call.
// The hosts are warm: they live in this process for the whole run, as a host does that starts many plugins.

import type { Client } from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Host, LaunchOptions } from 'troupe';
import { DEFAULT_HANDSHAKE } from 'troupe/transport';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import type { RawHost } from '../raw/raw-host.ts';

/** A plugin to be launched: a JavaScript file, and the directory of its compile cache, if it is to have one. */
export interface JavaScriptPlugin {
  readonly file: string;
  readonly compileCache?: string | undefined;
}

const { echo } = ProbeServiceService;
const TEXT = 'hello';

/** The floor: a Node process that does nothing, from its start to its end. */
export async function launchNode(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore', env: {} });
  await once(child, 'exit');
  return performance.now() - startedAt;
}

/** A launch by the raw host. */
export async function launchByRaw(host: RawHost, plugin: JavaScriptPlugin, mtls = false): Promise<number> {
  const startedAt = performance.now();
  const launched = await host.launch({
    command: process.execPath,
    args: [plugin.file],
    env: environmentOf(plugin),
    cookie: DEFAULT_HANDSHAKE,
    mtls,
  });
  await callOnce(launched.client);
  const elapsedMs = performance.now() - startedAt;
  await launched.close();
  return elapsedMs;
}

/** A launch by a troupe host. */
export async function launchByTroupe(host: Host, options: LaunchOptions): Promise<number> {
  const startedAt = performance.now();
  const plugin = await host.launch(options);
  await plugin.dispense(ProbeServiceService).echo({ text: TEXT });
  const elapsedMs = performance.now() - startedAt;
  await plugin.kill();
  return elapsedMs;
}

/** Options of a troupe host for a plugin in JavaScript. Without a compile cache of its own it gets none. */
export function optionsFor({ file, compileCache = 'off' }: JavaScriptPlugin, mtls: boolean): LaunchOptions {
  return { name: 'bench', command: process.execPath, args: [file], compileCache, insecure: !mtls };
}

/** Lets a plugin fill its compile cache. Node writes it when a process ends in order, which the end of a test is not. */
export async function fillCompileCache(host: Host, plugin: JavaScriptPlugin, mtls: boolean): Promise<void> {
  const launched = await host.launch(optionsFor(plugin, mtls));
  await launched.dispense(ProbeServiceService).echo({ text: TEXT });
  await launched.stop();
}

/** The same for a plugin that knows no orderly end: loaded, and ended by its loader. */
export async function fillCompileCacheRaw({ file, compileCache }: JavaScriptPlugin): Promise<void> {
  const program = `await import(${JSON.stringify(file)}); process.exit(0)`;
  const directory = compileCache ?? '';
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: 'ignore',
    env: { NODE_COMPILE_CACHE: directory, TMPDIR: directory },
  });
  await once(child, 'exit');
}

function environmentOf({ compileCache }: JavaScriptPlugin): Record<string, string> {
  return compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache };
}

function callOnce(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = echo;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { text: TEXT }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
