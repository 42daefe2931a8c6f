import { describe, expect, it } from 'vitest';
import { BEHAVIOURS, expectationOf, LACKS, NETWORKS, OUTCOMES, ROWS, SECURITIES, VERSIONS } from './matrix.ts';
import type { CellExpectation, Lack, OurSide } from './matrix.ts';

const ALL_LACKS = Object.keys(LACKS) as Lack[];

describe('the rows of the matrix', () => {
  it('are the 12 of 2 × 2 × 3, each once', () => {
    const titles = SECURITIES.flatMap((security) =>
      NETWORKS.flatMap((network) => OUTCOMES.map((outcome) => `${security} ${network} ${outcome}`)),
    );

    expect(ROWS.map(({ title }) => title)).toEqual(titles);
    expect(new Set(titles).size).toBe(12);
  });

  it('of a gate run are 6 that hold every pair of two axes (X2)', () => {
    const axes = ['security', 'network', 'outcome'] as const;
    const pairsOf = (rows: typeof ROWS): Set<string> =>
      new Set(
        rows.flatMap((row) =>
          axes.flatMap((one) => axes.filter((other) => other > one).map((other) => `${row[one]}, ${row[other]}`)),
        ),
      );
    const gate = ROWS.filter(({ isInGate }) => isInGate);

    expect(gate).toHaveLength(6);
    expect(pairsOf(gate)).toEqual(pairsOf(ROWS));
  });

  it('negotiate what their versions have in common', () => {
    for (const { host, plugin, agreed } of Object.values(VERSIONS)) {
      const common = host.filter((version) => plugin.includes(version));

      expect(common.length === 0 ? undefined : Math.max(...common)).toBe(agreed);
    }
  });
});

describe('expectationOf', () => {
  it.each([
    ['host', [], { works: 72, refused: 6, 'not started': 66, lacking: 0 }],
    ['plugin', [], { works: 72, refused: 6, 'not started': 66, lacking: 0 }],
    // On TCP nothing; on unix sockets the output of 4 rows and the callbacks of 2.
    ['host', ALL_LACKS, { works: 42, refused: 2, 'not started': 22, lacking: 78 }],
    ['plugin', ALL_LACKS, { works: 66, refused: 6, 'not started': 66, lacking: 6 }],
  ] as const)(
    'has something for each of the 144 cells when the %s is ours and the peer lacks %j',
    (ours, lacks, counts) => {
      expect(countKinds(ours, lacks)).toEqual(counts);
    },
  );
});

// Helpers

function countKinds(ours: OurSide, lacks: readonly Lack[]): Record<CellExpectation['kind'], number> {
  const counts = { works: 0, refused: 0, 'not started': 0, lacking: 0 };
  for (const row of ROWS) {
    for (const behaviour of BEHAVIOURS) counts[expectationOf(ours, row, behaviour, lacks).kind] += 1;
  }
  return counts;
}
