// Turns the matrix into tests, and their outcomes into a table: one test for each cell that works or lacks something, one
// for a whole row whose start is refused or not possible.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableCell, TablePlan } from '../../tools/test-tables.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { testScale } from '../setup/size.ts';
import { BEHAVIOURS, expectationOf, LACKS, ROWS, VERSIONS } from './matrix.ts';
import type { Behaviour, CellExpectation, Lack, MatrixRow, OurSide } from './matrix.ts';
import { matrixPeers } from './matrix-peers.ts';
import type { TestedPeer } from './matrix-peers.ts';
import type { Command } from './peer-directory.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const NOT_STARTED = 'the start was refused: there is nothing to call and nothing to end';

/** What the test of a cell gets. */
export interface CellContext<Session> {
  readonly row: MatrixRow;
  /** The program of the peer. */
  readonly command: Command;
  /** The one launch of the row that all cells share which leave the plugin as it was; opened by the first of them. */
  session(): Promise<Session>;
}

type CellTest<Session> = readonly [title: string, check: (context: CellContext<Session>) => Promise<void>];

/** How one direction does what the columns of the matrix say. */
export interface MatrixSide<Session> {
  readonly ours: OurSide;
  /** Title of the tables and of the tests; the peer's name is appended. */
  readonly title: string;
  open(row: MatrixRow, command: Command): Promise<Session>;
  /** Called after the last test of the row. */
  close(session: Session): Promise<void>;
  readonly works: Readonly<Record<Behaviour, CellTest<Session>>>;
  /** The start ends with the error that is expected. */
  refused(context: CellContext<Session>, by: (CellExpectation & { kind: 'refused' })['by']): Promise<void>;
  /** The peer really cannot do it, and nothing else suffers. */
  readonly lacks: Readonly<Partial<Record<Lack, CellTest<Session>>>>;
}

/** Registers the tests of all peers: the rows of the gate, or all. */
export function describeMatrix<Session>(side: MatrixSide<Session>): void {
  const rows = ROWS.filter(({ isInGate }) => isInGate || testScale().size !== 'gate');
  const peers = matrixPeers(side.ours).map((peer) => ({ ...peer, title: `${side.title}: ${peer.name}` }));
  for (const peer of peers.filter(({ isBuiltHere }) => isBuiltHere)) {
    describeWithPeer('go', peer.title, () => describePeer(side, peer, rows));
  }
  describe.each(peers.filter(({ isBuiltHere }) => !isBuiltHere))('$title', (peer) => {
    describePeer(side, peer, rows);
  });
}

// Helpers

function describePeer<Session>(
  side: MatrixSide<Session>,
  peer: TestedPeer & { readonly title: string },
  rows: readonly MatrixRow[],
): void {
  const table: TablePlan = { title: peer.title, columns: BEHAVIOURS, rows: ROWS.map(({ title }) => title) };
  let command: Command;
  beforeAll(async () => {
    command = await peer.command();
  }, BUILD_LIMIT_MS);

  describe.each(rows)('$title', (row) => {
    let session: Promise<Session> | undefined;
    const context = (): CellContext<Session> => ({
      row,
      command,
      session: () => (session ??= side.open(row, command)),
    });
    afterAll(async () => {
      // One that could not be opened has failed the test that asked for it.
      const opened = await session?.catch(() => undefined);
      if (opened !== undefined) await side.close(opened);
    });

    it.for(testsOf(side, peer, row))('$title', async ({ cells, check }, { task }) => {
      Object.assign(task.meta, { table, cells });
      expect.hasAssertions();
      await check(context());
    });
  });
}

interface MatrixTest<Session> {
  readonly title: string;
  readonly cells: readonly TableCell[];
  check(context: CellContext<Session>): Promise<void>;
}

function testsOf<Session>(side: MatrixSide<Session>, peer: TestedPeer, row: MatrixRow): MatrixTest<Session>[] {
  const expected = BEHAVIOURS.map((behaviour) => ({
    behaviour,
    expectation: expectationOf(side.ours, row, behaviour, peer.lacks),
  }));
  const cells = expected.map(({ behaviour, expectation }) => cellOf(peer, row, behaviour, expectation));
  const start = expectationOf(side.ours, row, 'start', peer.lacks);
  if (start.kind === 'refused') {
    return [{ title: `start: is refused (${start.by})`, cells, check: (context) => side.refused(context, start.by) }];
  }
  if (start.kind === 'lacking') {
    const [title, check] = lackingTest(side, start.lack);
    return [{ title: `start: ${title}`, cells, check }];
  }
  return expected.map(({ behaviour, expectation }, index) => {
    const [title, check] = expectation.kind === 'lacking' ? lackingTest(side, expectation.lack) : side.works[behaviour];
    return { title: `${behaviour}: ${title}`, cells: cells.slice(index, index + 1), check };
  });
}

function lackingTest<Session>({ lacks, ours }: MatrixSide<Session>, lack: Lack): CellTest<Session> {
  const test = lacks[lack];
  if (test === undefined) throw new Error(`no test shows that a peer lacks "${lack}" when the ${ours} is ours`);
  return test;
}

function cellOf(peer: TestedPeer, row: MatrixRow, column: Behaviour, expectation: CellExpectation): TableCell {
  const cell = { row: row.title, column };
  switch (expectation.kind) {
    case 'works':
      return column === 'start' ? { ...cell, text: `version ${VERSIONS[row.outcome].agreed}` } : cell;
    case 'refused':
      return { ...cell, text: `refused (${expectation.by})` };
    case 'not started':
      return { ...cell, text: 'n/a', note: NOT_STARTED };
    case 'lacking':
      return { ...cell, text: `n/a (${peer.label})`, note: LACKS[expectation.lack] };
  }
}
