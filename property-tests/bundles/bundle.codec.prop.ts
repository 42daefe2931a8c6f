import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { packBundle } from '../../src/host/bundles/index.ts';
import { testScale } from '../../test/setup/size.ts';
import { bundleTree } from '../arbitraries/bundle-tree.ts';
import { inDirectory, layOutPlugin, snapshot, storeAt } from './support.ts';

// By bytes the first comes first, by UTF-16 units the second.
const EMPTY = { contents: { bytes: new Uint8Array(), times: 1 }, isExecutable: false };
const SORTED_DIFFERENTLY = new Map([
  ['\u{ff5e}', EMPTY],
  ['\u{1f600}', EMPTY],
]);

// Each run writes files and waits until they are on the disk.
const RUNS = Math.ceil(testScale().runs / 4);

describe('a plugin of any files', () => {
  test.prop([bundleTree()], { examples: [[SORTED_DIFFERENTLY]], numRuns: RUNS })(
    'is the same after it was packed and unpacked, with the same digest',
    async (files) => {
      await inDirectory(async (place) => {
        const [source, root] = [join(place, 'source'), join(place, 'store')];
        mkdirSync(source);
        layOutPlugin(source, files);
        const { file, record } = await packBundle(source, { out: join(place, 'x.troupe') });

        const staged = await storeAt(root).stage({ kind: 'archive', path: file }, { policy: 'off' });

        expect(staged.digest).toBe(record.digest);
        expect(snapshot(staged.directory)).toEqual(snapshot(source));
        expect(await storeAt(root).verify(staged.digest)).toMatchObject({ record });
      });
    },
  );

  test.prop([bundleTree()], { numRuns: RUNS })(
    'has the same digest and bytes each time, from whichever directory',
    async (files) => {
      await inDirectory(async (place) => {
        const made: Buffer[] = [];
        const digests = new Set<string>();
        for (const [name, order] of [
          ['a', [...files]],
          ['b', [...files].reverse()],
        ] as const) {
          const source = join(place, name);
          mkdirSync(source);
          layOutPlugin(source, new Map(order));
          const { file, record } = await packBundle(source, { out: join(place, `${name}.troupe`) });
          made.push(readFileSync(file));
          digests.add(record.digest);
        }
        const { digest } = await storeAt(join(place, 'store')).stage({ kind: 'directory', path: join(place, 'b') });
        const [first, second] = made;

        expect(first?.equals(second as Buffer)).toBe(true);
        expect([...digests]).toEqual([digest]);
      });
    },
  );
});
