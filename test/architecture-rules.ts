// The rules of the house that a machine can check, each a function from one file to its findings.

import type { ESTree } from 'vite';
import { isDoor, LIBRARIES, MAY_IMPORT, mayReadTime, TIME_MODULES } from './layers.ts';
import { folderOf, visit } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

/** Says what is wrong with a file, one sentence for each finding; none when it keeps the rule. */
export type Rule = (source: SourceFile) => string[];

const MAX_LINES = 400;
const BARE_ERRORS = new Set(['Error', 'TypeError', 'RangeError']);
const TIME_CALLS = new Set(['setTimeout', 'setInterval']);
const TIME_MEMBERS = new Set(['Date.now', 'Math.random', 'process.hrtime', 'process.uptime']);
const TIME_OBJECTS = new Set(['performance']);

/** Imports point down the layers only. */
export const keepsLayers: Rule = ({ file, imports }) => {
  const folder = folderOf(file);
  const allowed = MAY_IMPORT[folder];
  if (!allowed) return [`${file}: src/${folder} is not in the layer table`];
  return imports
    .filter(({ own, to }) => own && folderOf(to) !== folder && !allowed.includes(folderOf(to)))
    .map(({ to }) => `${file}: ${folder} may not import ${to}`);
};

/** Another folder is entered through its door. */
export const usesDoors: Rule = ({ file, imports }) =>
  imports
    .filter(({ own, to }) => own && folderOf(to) !== folderOf(file) && !isDoor(to))
    .map(({ to }) => `${file}: ${to} is not the index of its folder`);

/** A library is used where it belongs. */
export const keepsLibraries: Rule = ({ file, imports }) =>
  imports
    .filter(({ own, to, typeOnly }) => {
      const rule = own ? undefined : ruleOf(to);
      if (!rule) return false;
      return !rule.in.includes(folderOf(file)) && !(typeOnly && rule.typesIn?.includes(folderOf(file)));
    })
    .map(({ to }) => `${file}: ${to} does not belong into ${folderOf(file)}`);

/** Built-in modules are named with `node:`, machines use none at all. */
export const keepsMachinesPure: Rule = ({ file, imports }) =>
  imports
    .filter(({ own, to }) => !own && to !== 'xstate' && !to.startsWith('xstate/'))
    .map(({ to }) => `${file}: a machine may import no library but xstate, not ${to}`);

/** Time and randomness come from the environment. */
export const takesTimeFromEnvironment: Rule = ({ file, text, imports }) => {
  if (mayReadTime(file)) return [];
  const found = imports
    .filter(({ to, names, typeOnly }) => {
      const harmless = TIME_MODULES[to];
      return harmless && !typeOnly && (names.length === 0 || names.some((name) => !harmless.includes(name)));
    })
    .map(({ to }) => to);
  visit(file, text, {
    CallExpression: ({ callee }) => {
      if (callee.type === 'Identifier' && (TIME_CALLS.has(callee.name) || callee.name === 'Date'))
        found.push(callee.name);
    },
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0) found.push('new Date()');
    },
    MemberExpression: ({ object, property }) => {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      const global = object.name === 'globalThis' && (TIME_CALLS.has(property.name) || TIME_OBJECTS.has(property.name));
      if (TIME_MEMBERS.has(name) || TIME_OBJECTS.has(object.name) || global) found.push(name);
    },
  });
  return found.map((name) => `${file}: ${name} reads time or randomness past the environment`);
};

/** Errors carry a code. */
export const throwsCodedErrors: Rule = ({ file, text }) => {
  const found: string[] = [];
  const check = ({ callee }: ESTree.NewExpression | ESTree.CallExpression): void => {
    if (callee.type === 'Identifier' && BARE_ERRORS.has(callee.name)) found.push(callee.name);
  };
  visit(file, text, { NewExpression: check, CallExpression: check });
  return found.map((name) => `${file}: new ${name} has no code; take RuntimeError`);
};

/** Exports have names, and nothing waits while a module loads: `require('troupe')` works. */
export const exportsNamesOnly: Rule = ({ file, text }) => {
  const found: string[] = [];
  let depth = 0;
  const enter = (): void => void (depth += 1);
  const leave = (): void => void (depth -= 1);
  visit(file, text, {
    ExportDefaultDeclaration: () => void found.push('a default export'),
    ExportAllDeclaration: () => void found.push('export *'),
    AwaitExpression: () => void (depth === 0 && found.push('a top-level await')),
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
  });
  return found.map((what) => `${file}: ${what}`);
};

/** A file above 400 lines hides a second concept. */
export const staysShort: Rule = ({ file, text }) => {
  const lines = text.split('\n').length - 1;
  return lines > MAX_LINES ? [`${file}: ${lines} lines, at most ${MAX_LINES}`] : [];
};

/** File names are kebab-case, with their kind after a dot. */
export const namesFiles: Rule = ({ file }) => {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return /^[a-z\d]+(-[a-z\d]+)*(\.[a-z\d]+(-[a-z\d]+)*)?\.ts$/.test(name) ? [] : [`${file}: not kebab-case`];
};

function ruleOf(module: string): (typeof LIBRARIES)[string] | undefined {
  return Object.entries(LIBRARIES).find(([name]) => module === name || module.startsWith(`${name}/`))?.[1];
}
