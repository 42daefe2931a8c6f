// The conformance matrix of go-plugin's protocol, as data: what is crossed with what, and what each cell is expected to
// show. Both directions go by it.
//
// Invariants:
//   X1. Every cell of the full product has an expectation. One that is not `works` has a test as well, which shows why.
//   X2. The rows of a gate run hold every pair of values of two axes, so that a fault of any two shows in a gate run.

/** How the connection is secured. */
export const SECURITIES = ['plain', 'AutoMTLS'] as const;
/** What the plugin listens on, and what either side listens on for brokered connections. */
export const NETWORKS = ['unix', 'tcp'] as const;
/** How the negotiation of the application protocol's version ends. */
export const OUTCOMES = ['agree', 'fall back', 'refuse'] as const;
/**
 * What is done with a plugin: it is started; unary calls; the three kinds of stream; the plugin dials the host
 * (`callback`); the host dials the plugin (`offer`); printed output; structured log; and the three ways to end.
 */
export const BEHAVIOURS = [
  'start',
  'unary',
  'download',
  'upload',
  'chat',
  'callback',
  'offer',
  'stdio',
  'logs',
  'shutdown',
  'crash',
  'hang',
] as const;

/** See {@link BEHAVIOURS}. */
export type Behaviour = (typeof BEHAVIOURS)[number];

/** One row: everything that is settled before a plugin is started. */
export interface MatrixRow {
  readonly security: (typeof SECURITIES)[number];
  readonly network: (typeof NETWORKS)[number];
  readonly outcome: (typeof OUTCOMES)[number];
  /** The three values, for titles and tables. */
  readonly title: string;
  /** Part of a gate run (X2). */
  readonly isInGate: boolean;
}

/** Which side is ours. The other one is written in Go. */
export type OurSide = 'host' | 'plugin';

/** What a peer may lack, and why. The names are those of `lacks` in a peer's description. */
export const LACKS = {
  tcp: 'the plugin listens on unix sockets only: go-plugin has TCP on Windows',
  stdio: 'no GRPCStdio: go-plugin has it from 1.1.0 on',
  'mtls-callback': 'under AutoMTLS the plugin cannot dial its host: issue 109 of go-plugin, fixed in 1.4.4',
} as const;
/** See {@link LACKS}. */
export type Lack = keyof typeof LACKS;

/** What a cell is expected to show. */
export type CellExpectation =
  | { readonly kind: 'works' }
  /** The start ends with an error: one of our codes, or `Go` for the refusal of a host in Go. */
  | { readonly kind: 'refused'; readonly by: 'APP_VERSION_UNSUPPORTED' | 'CERTIFICATE_MISSING' | 'Go' }
  /** Nothing is left to be done with a plugin whose start was refused. */
  | { readonly kind: 'not started' }
  | { readonly kind: 'lacking'; readonly lack: Lack };

/** The versions that each side speaks; `agreed` is undefined when they have none in common. */
export const VERSIONS: Readonly<
  Record<
    MatrixRow['outcome'],
    { readonly host: readonly number[]; readonly plugin: readonly number[]; agreed?: number }
  >
> = {
  agree: { host: [1, 2], plugin: [1, 2], agreed: 2 },
  // Both speak something newer that the other one does not know.
  'fall back': { host: [1, 2], plugin: [1, 3], agreed: 1 },
  refuse: { host: [3], plugin: [1, 2] },
};

// One row for each pair of security and outcome, and so that both networks meet each outcome.
const GATE: readonly string[] = [
  'plain unix fall back',
  'plain unix refuse',
  'plain tcp agree',
  'AutoMTLS unix agree',
  'AutoMTLS tcp fall back',
  'AutoMTLS tcp refuse',
];

/** All rows. */
export const ROWS: readonly MatrixRow[] = SECURITIES.flatMap((security) =>
  NETWORKS.flatMap((network) =>
    OUTCOMES.map((outcome) => {
      const title = `${security} ${network} ${outcome}`;
      return { security, network, outcome, title, isInGate: GATE.includes(title) };
    }),
  ),
);

/** What a cell is expected to show with a peer that lacks these. */
export function expectationOf(
  ours: OurSide,
  row: MatrixRow,
  behaviour: Behaviour,
  lacks: readonly Lack[] = [],
): CellExpectation {
  const lack = lackOf(ours, row, behaviour).find((name) => lacks.includes(name));
  if (lack === 'tcp') return { kind: 'lacking', lack };
  const by = refusalOf(ours, row);
  if (by !== undefined) return behaviour === 'start' ? { kind: 'refused', by } : { kind: 'not started' };
  return lack === undefined ? { kind: 'works' } : { kind: 'lacking', lack };
}

/** What the cell needs of the peer. A host needs nothing to dial a plugin on TCP, nor to be called back. */
function lackOf(ours: OurSide, { security, network }: MatrixRow, behaviour: Behaviour): Lack[] {
  return [
    ...(ours === 'host' && network === 'tcp' ? ['tcp' as const] : []),
    ...(behaviour === 'stdio' ? ['stdio' as const] : []),
    ...(ours === 'host' && security === 'AutoMTLS' && behaviour === 'callback' ? ['mtls-callback' as const] : []),
  ];
}

/** TCP without TLS could be called by any local user: our plugins do not listen there, our hosts do not dial it. */
function refusalOf(ours: OurSide, { security, network, outcome }: MatrixRow) {
  const isOpen = security === 'plain' && network === 'tcp';
  // Our plugin looks at its environment before it chooses a version; our host at the line's version before its address.
  if (ours === 'plugin') return isOpen ? 'CERTIFICATE_MISSING' : outcome === 'refuse' ? 'Go' : undefined;
  return outcome === 'refuse' ? 'APP_VERSION_UNSUPPORTED' : isOpen ? 'CERTIFICATE_MISSING' : undefined;
}
