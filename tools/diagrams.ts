// Keeps docs/machines/*.mmd in step with src/machines: rewrites them, or with `--check` names those that differ.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StateMachine } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { drawMachine } from './mermaid.ts';
import { ROOT } from './run.ts';

/** A statechart of ours and where it comes from. */
export interface NamedMachine {
  /** Name of the export, for example `streamMachine`. */
  readonly exportName: string;
  /** Name of the file without folder and endings, for example `stream`. */
  readonly fileName: string;
  readonly machine: AnyStateMachine;
}

/** Where the diagrams are. */
export const DIAGRAMS: string = join(ROOT, 'docs', 'machines');

/** Every statechart that src/machines exports, in the order of their files. */
export async function loadMachines(folder: string = join(ROOT, 'src', 'machines')): Promise<NamedMachine[]> {
  const found: NamedMachine[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.machine.ts')) continue;
    const module = (await import(pathToFileURL(join(folder, name)).href)) as Record<string, unknown>;
    for (const [exportName, machine] of Object.entries(module)) {
      if (machine instanceof StateMachine) {
        found.push({ exportName, fileName: basename(name, '.machine.ts'), machine: machine as AnyStateMachine });
      }
    }
  }
  return found;
}

/** The diagrams as they should be, by file name. */
export function drawAll(machines: readonly NamedMachine[]): Map<string, string> {
  return new Map(machines.map(({ machine }) => [`${machine.id}.mmd`, drawMachine(machine)]));
}

/** The names of the diagrams that are missing, differ or belong to no machine. */
export function outdated(wanted: ReadonlyMap<string, string>, folder: string = DIAGRAMS): string[] {
  const present = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.mmd')) : [];
  const stale = present.filter((name) => !wanted.has(name));
  const changed = [...wanted].filter(
    ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), 'utf8') !== text,
  );
  return [...changed.map(([name]) => name), ...stale].sort();
}

async function main(): Promise<void> {
  const wanted = drawAll(await loadMachines());
  const names = outdated(wanted);
  if (process.argv.includes('--check')) {
    for (const name of names) console.log(`docs/machines/${name} differs from its machine; run "npm run docs"`);
    process.exitCode = names.length === 0 ? 0 : 1;
    return;
  }
  mkdirSync(DIAGRAMS, { recursive: true });
  for (const name of names) {
    const text = wanted.get(name);
    if (text === undefined) rmSync(join(DIAGRAMS, name));
    else writeFileSync(join(DIAGRAMS, name), text);
    console.log(`docs/machines/${name} ${text === undefined ? 'removed' : 'written'}`);
  }
}

if (import.meta.main) await main();
