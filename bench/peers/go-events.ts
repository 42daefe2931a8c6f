import { fileURLToPath } from 'node:url';
import { peerAvailability } from '../../test/peers/availability.ts';
import { buildGoProgram } from '../../test/peers/go.ts';

/** The Go pair of the benchmark `events`: path of its program, or a sentence saying what is missing to build it. */
export async function goEventsPair(): Promise<{ readonly program: string } | string> {
  const availability = peerAvailability('go');
  if (!availability.available) return availability.reason;
  const program = await buildGoProgram({
    name: 'bench-events',
    directory: fileURLToPath(new URL('go-events', import.meta.url)),
    protos: ['troupe/events/v1/events.proto', 'plugin/v1/plugin.proto'],
  });
  return { program };
}
