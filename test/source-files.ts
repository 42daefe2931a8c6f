// Reads the sources as a syntax tree, so that rules about them are not fooled by comments and strings.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'vite';
import type { VisitorObject } from 'vite';

/** The top folder of the repository. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** One import of a file, static or dynamic; a re-export is one too. */
export interface Import {
  /** Path below the top folder for our own files, else the name of the module. */
  readonly to: string;
  /** True for a file of ours. */
  readonly own: boolean;
  /** True when nothing of it is loaded at run time. */
  readonly typeOnly: boolean;
  /** The names that are imported; empty when it is the module as a whole. */
  readonly names: readonly string[];
  /** True for a value import that is made before the file runs. */
  readonly eager: boolean;
}

/** One file of ours. */
export interface SourceFile {
  /** Path below the top folder, for example `src/errors/codes.ts`. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** A finding in a file, for people. */
export type Finding = string;

/** The files of a folder and its sub-folders, by path below the top folder, sorted. */
export function filesBelow(folder: string, suffix = '.ts'): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix))
    .map((name) => posix.join(folder, name))
    .sort();
}

/** Reads all of them. */
export function readSources(folder: string): SourceFile[] {
  return filesBelow(folder).map((file) => parseFile(file, readFileSync(join(ROOT, file), 'utf8')));
}

/** Reads one, from its text. */
export function parseFile(file: string, text: string): SourceFile {
  const imports: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, names: readonly string[], eager: boolean): void => {
    const own = specifier.startsWith('.');
    const to = own ? posix.join(posix.dirname(file), specifier) : specifier;
    imports.push({ to, own, typeOnly, names, eager: eager && !typeOnly });
  };
  visit(file, text, {
    ImportDeclaration: (node) => {
      const names = node.specifiers.map((one) => (one.type === 'ImportSpecifier' ? nameOf(one.imported) : ''));
      add(node.source.value, node.importKind === 'type', names.filter(Boolean), true);
    },
    ExportNamedDeclaration: (node) => {
      if (!node.source) return;
      const names = node.specifiers.map((one) => nameOf(one.local));
      add(node.source.value, node.exportKind === 'type', names, true);
    },
    ExportAllDeclaration: (node) => add(node.source.value, node.exportKind === 'type', [], true),
    ImportExpression: (node) => {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string')
        add(node.source.value, false, [], false);
    },
    TSImportType: (node) => add(node.source.value, true, [], false),
  });
  return { file, text, imports };
}

/** Walks the syntax tree of a file. Throws when the file does not parse. */
export function visit(file: string, text: string, visitor: VisitorObject): void {
  const { program, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  new Visitor(visitor).visit(program);
}

/** The folder directly under `src` that a file belongs to; `.` for a file in `src` itself. */
export function folderOf(file: string): string {
  const [, folder, rest] = file.split('/');
  return rest === undefined ? '.' : (folder ?? '.');
}

/** Groups of files that import each other at run time, each as a path that ends where it began. */
export function cycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map(({ file, imports }) => [file, imports.filter(({ own, eager }) => own && eager).map(({ to }) => to)]),
  );
  const found: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const walk = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') return void found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    state.set(file, 'open');
    for (const to of edges.get(file) ?? []) walk(to, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of edges.keys()) walk(file, []);
  return found;
}

function nameOf(node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string {
  return node.name ?? String(node.value);
}
