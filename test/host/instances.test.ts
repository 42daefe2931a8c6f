import { describe, expect, it } from 'vitest';
import { Instances } from '../../src/host/instances.ts';
import type { PlacedPlugin, PluginConnection } from '../../src/ports/index.ts';

describe('N1: the end of an instance', () => {
  it('is not its own start, although that is told when it is there already', async () => {
    const { instances, start } = scene();
    const first = await start(1);

    instances.note({ type: 'plugin.starting', launch: 1 });
    instances.over();

    expect(await instances.behind(first)?.end).toEqual({ type: 'stopped' });
  });

  it.each(['before', 'after'])(
    'is a restart when instance 2 is started without a failure of instance 1, told %s it is there',
    async (when) => {
      const { instances, start } = scene();
      const first = await start(1);

      if (when === 'before') instances.note({ type: 'plugin.starting', launch: 2 });
      await start(2);
      if (when === 'after') instances.note({ type: 'plugin.starting', launch: 2 });
      instances.over();

      expect(await instances.behind(first)?.end).toEqual({ type: 'restarted' });
    },
  );
});

// Helpers

function scene() {
  const placed = { exited: new Promise(() => {}) } as unknown as PlacedPlugin;
  const instances = new Instances({ place: async () => placed });
  const start = async (launch: number): Promise<PluginConnection> => {
    await instances.place(launch);
    const connection = {} as PluginConnection;
    instances.connect(connection);
    return connection;
  };
  return { instances, start };
}
