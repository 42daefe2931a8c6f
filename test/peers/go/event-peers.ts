// The Go plugins that take events.

import { fileURLToPath } from 'node:url';
import { buildGoProgram } from '../go.ts';

/** Absolute paths of executable files. */
export interface GoEventPeers {
  /** Speaks troupe.events.v1 in all three forms; its flags are in its main.go, beside the example. It can call the host back under AutoMTLS. */
  readonly events: string;
  /** Speaks the awf protocol. */
  readonly awf: string;
}

let built: Promise<GoEventPeers> | undefined;

/** The plugins, built at most once in this process. For a `beforeAll` with a time limit of some minutes. */
export function goEventPeers(): Promise<GoEventPeers> {
  built ??= build();
  return built;
}

async function build(): Promise<GoEventPeers> {
  const events = await buildGoProgram({
    name: 'events-plugin',
    directory: fileURLToPath(new URL('../../../examples/07-go-plugin/plugin', import.meta.url)),
    protos: ['troupe/events/v1/events.proto', 'troupe/plugin/v1/plugin.proto'],
    patched: true,
  });
  const awf = await buildGoProgram({
    name: 'awf-plugin',
    directory: fileURLToPath(new URL('awf-plugin', import.meta.url)),
    protos: ['plugin/v1/plugin.proto'],
  });
  return { events, awf };
}
