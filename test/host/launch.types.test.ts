import { describe, expectTypeOf, it } from 'vitest';
import type { Host, Plugin } from '../../src/index.ts';
import { KvServiceService } from '../gen/troupe/testing/v1/peer.ts';
import type { GetResponse } from '../gen/troupe/testing/v1/peer.ts';

describe('the type of a launched plugin', () => {
  it('knows the services by their names', () => {
    const launch = (host: Host) => host.launch({ command: 'kv', services: { kv: KvServiceService } });
    const get = async (host: Host) => (await launch(host)).dispense('kv').get({ key: '' });

    expectTypeOf(get).returns.resolves.toEqualTypeOf<GetResponse>();
  });

  it('has no service by name when none was given, and any by its descriptor', () => {
    const launch = (host: Host) => host.launch({ command: 'kv' });
    type Launched = Awaited<ReturnType<typeof launch>>;

    // @ts-expect-error no service has a name
    const byName = (plugin: Launched): unknown => plugin.dispense('kv');
    const byDescriptor = (plugin: Launched) => plugin.dispense(KvServiceService).get({ key: '' });

    expectTypeOf(byName).parameter(0).toExtend<Plugin<Readonly<Record<never, never>>>>();
    expectTypeOf(byDescriptor).returns.resolves.toEqualTypeOf<GetResponse>();
  });
});
