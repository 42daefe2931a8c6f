import { describe, expect, it } from 'vitest';
import { createDependencyGate } from '../../../src/host/dependencies/index.ts';
import type { LoadedManifest } from '../../../src/host/manifest/index.ts';

describe('createDependencyGate with a diamond', () => {
  it('gives the 2 in the middle out at once behind the first, and the last behind both', async () => {
    const gate = diamond();

    const rounds = [await taken(gate, 1)];
    gate.settle('disk', {});
    rounds.push(await taken(gate, 2));
    gate.settle('cache', {});
    const last = gate.next();
    gate.settle('index', {});
    rounds.push([nameOf(await last)]);

    expect(rounds).toEqual([['disk'], ['cache', 'index'], ['shop']]);
  });

  it('fails the last when 1 of the 2 in the middle has failed, and names that one', async () => {
    const running = { disk: {}, cache: {} };
    const gate = diamond((name) => (name in running ? running[name as 'disk'] : undefined));
    await taken(gate, 1);
    gate.settle('disk', running.disk);
    await taken(gate, 2);
    gate.settle('cache', running.cache);
    gate.settle('index', undefined);

    expect(() => gate.require(manifestOf('shop', ['cache', 'index']).manifest)).toThrow(
      '[DEPENDENCY_INACTIVE] plugin "shop" needs "index", which is not active',
    );
  });
});

// Helpers

function diamond(
  running: (name: string) => object | undefined = () => undefined,
): ReturnType<typeof createDependencyGate> {
  const chosen = [
    manifestOf('shop', ['cache', 'index']),
    manifestOf('index', ['disk']),
    manifestOf('cache', ['disk']),
    manifestOf('disk', []),
  ];
  return createDependencyGate({ found: chosen, chosen, running });
}

async function taken(gate: ReturnType<typeof createDependencyGate>, count: number): Promise<(string | undefined)[]> {
  const names = [];
  for (let index = 0; index < count; index += 1) names.push(nameOf(await gate.next()));
  return names;
}

function nameOf(loaded: LoadedManifest | undefined): string | undefined {
  return loaded?.manifest.name;
}

function manifestOf(name: string, depends: readonly string[]): LoadedManifest {
  const manifest = { name, version: '1.0.0', depends: depends.map((other) => ({ name: other, version: '*' })) };
  return { manifest, file: '', directory: '' } as unknown as LoadedManifest;
}
