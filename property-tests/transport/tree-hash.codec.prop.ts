import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { hashTree } from '../../src/transport/process/index.ts';

// In memory: a property lays out some hundred trees.
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A file, by what its hash depends on. */
interface PlannedFile {
  readonly contents: Uint8Array;
  readonly isExecutable: boolean;
}

// Names that sort differently by bytes, by UTF-16 units and by language; `build.json` is only special as a record.
const name = fc.oneof(fc.constantFrom('a', 'B', 'b c', 'é', '\u{ff5e}', '\u{1f600}', 'build.json', '-', 'line\nbreak'));
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const file: fc.Arbitrary<PlannedFile> = fc.record({
  contents: fc.uint8Array({ maxLength: 20 }),
  isExecutable: fc.boolean(),
});
const tree = fc
  .uniqueArray(fc.tuple(path, file), { selector: ([each]) => each, minLength: 1, maxLength: 6 })
  .map((files) => files.filter(([each]) => !files.some(([other]) => other.startsWith(`${each}/`))));

describe('hashTree', () => {
  test.prop([tree, fc.nat()])('does not depend on the order of creation', async (files, shift) => {
    const turned = [...files.slice(shift % files.length), ...files.slice(0, shift % files.length)].reverse();

    expect(await hashOf(files)).toBe(await hashOf(turned));
  });

  test.prop([tree, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })])(
    'changes with every byte',
    async (files, which, where, difference) => {
      const [changed, { contents, isExecutable }] = pick(files, which);
      const other = Uint8Array.from(contents);
      other[where % Math.max(1, contents.length)] = ((contents[where % contents.length] ?? 0) + difference) % 256;
      const altered = contents.length === 0 ? Uint8Array.of(difference) : other;

      expect(await hashOf(replace(files, changed, { contents: altered, isExecutable }))).not.toBe(await hashOf(files));
    },
  );

  test.prop([tree, fc.nat()])('changes with the right to execute a file', async (files, which) => {
    const [changed, { contents, isExecutable }] = pick(files, which);

    const altered = replace(files, changed, { contents, isExecutable: !isExecutable });

    expect(await hashOf(altered)).not.toBe(await hashOf(files));
  });

  test.prop([tree, fc.nat()])('changes when a file is renamed, removed or becomes a link', async (files, which) => {
    const [changed] = pick(files, which);
    const before = await hashOf(files);

    expect(await hashOf(files, (root) => renameSync(join(root, changed), join(root, `${changed}x`)))).not.toBe(before);
    expect(await hashOf(files, (root) => rmSync(join(root, changed)))).not.toBe(before);
    const asLink = (root: string): void => {
      renameSync(join(root, changed), join(root, 'moved-away'));
      symlinkSync(`${'../'.repeat(changed.split('/').length - 1)}moved-away`, join(root, changed));
    };
    expect(await hashOf(files, asLink)).not.toBe(before);
  });
});

// Helpers

type Planned = readonly (readonly [string, PlannedFile])[];

function pick(files: Planned, which: number): readonly [string, PlannedFile] {
  return files[which % files.length] as readonly [string, PlannedFile];
}

function replace(files: Planned, path: string, file: PlannedFile): Planned {
  return files.map((each) => (each[0] === path ? ([path, file] as const) : each));
}

/** Lays the files out in a new directory, changes it, and hashes it. */
async function hashOf(files: Planned, change: (root: string) => void = () => {}): Promise<string> {
  const root = mkdtempSync(join(PLACE, 'tree-'));
  try {
    for (const [each, { contents, isExecutable }] of files) {
      mkdirSync(dirname(join(root, each)), { recursive: true });
      writeFileSync(join(root, each), contents);
      chmodSync(join(root, each), isExecutable ? 0o755 : 0o644);
    }
    change(root);
    return (await hashTree(root)).sha256;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
