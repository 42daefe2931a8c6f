// Holds test/spec-ledger.yaml against the tests: every item of every list stands in it once, and points to tests that
// exist or says why it is out.

import { visit } from './source-files.ts';

/** One rule of a specification and what shows that it is kept. */
export interface LedgerEntry {
  /** Name of the list, a dot, and the number in it. */
  readonly id: string;
  /** The rule in a few words. */
  readonly rule: string;
  /** Titles of the tests that show it, as they stand in the sources. */
  readonly tests?: readonly string[];
  /** Why nothing here shows it. */
  readonly out?: string;
}

/** The ledger: how many items each list has, and an entry for each. */
export interface Ledger {
  readonly lists: Readonly<Record<string, number>>;
  readonly entries: readonly LedgerEntry[];
}

/** What is wrong with the ledger, one sentence for each finding. */
export function problems(ledger: Ledger, titles: ReadonlySet<string>): string[] {
  const wanted = Object.entries(ledger.lists).flatMap(([list, count]) =>
    Array.from({ length: count }, (_, index) => `${list}.${index + 1}`),
  );
  const ids = ledger.entries.map(({ id }) => id);
  return [
    ...wanted.filter((id) => !ids.includes(id)).map((id) => `${id} is missing`),
    ...ids.filter((id) => !wanted.includes(id)).map((id) => `${id} belongs to no list`),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} stands there twice`),
    ...ledger.entries.flatMap((entry) => problemsOf(entry, titles)),
  ];
}

/** The titles in a test file: the first argument of `it(…)`, `test(…)` and their `.each`, `.prop` and like forms. */
export function titlesIn(file: string, text: string): string[] {
  const titles: string[] = [];
  visit(file, text, {
    CallExpression: ({ callee, arguments: [first] }) => {
      if (!/^(it|test)\b/.test(text.slice(callee.start, callee.end))) return;
      if (first?.type === 'Literal' && typeof first.value === 'string') titles.push(first.value);
      // A template's text as it stands in the source, with its placeholders.
      if (first?.type === 'TemplateLiteral') titles.push(text.slice(first.start + 1, first.end - 1));
    },
  });
  return titles;
}

function problemsOf({ id, rule, tests, out }: LedgerEntry, titles: ReadonlySet<string>): string[] {
  if (!rule) return [`${id} does not say its rule`];
  if ((tests === undefined) === (out === undefined)) return [`${id} needs either tests or a reason to be out`];
  if (tests?.length === 0) return [`${id} names no test`];
  if (out === '') return [`${id} gives no reason`];
  return (tests ?? []).filter((title) => !titles.has(title)).map((title) => `${id}: no test is called "${title}"`);
}
