// Which launches are compared with each other.

/** The launches that can be made. */
export type Variant =
  | 'node'
  | 'raw'
  | 'rawWarm'
  | 'sdkCold'
  | 'sdkWarm'
  | 'sdkMtls'
  | 'built'
  | 'builtMtls'
  | 'hostSdkWarm'
  | 'hostSdkMtls'
  | 'hostBuilt'
  | 'hostBuiltMtls'
  | 'hostGo'
  | 'goGo'
  | 'hostGoMtls'
  | 'goGoMtls';

/** One metric of the benchmark. */
export interface StartupCell {
  readonly metric: string;
  readonly own: Variant;
  readonly peer: Variant;
  readonly what: string;
  /**
   * `above`: own to peer, both above what `node -e 0` takes, so that less is better. `speed`: peer to own, both as they
   * are, so that more is better.
   */
  readonly ratio: 'above' | 'speed';
}

/** The peers in words. */
export const PEER_NAMES: Readonly<Partial<Record<Variant, string>>> = {
  raw: 'grpc-js plugin under a grpc-js host',
  goGo: 'Go plugin under a Go host',
  goGoMtls: 'Go plugin under a Go host, AutoMTLS',
};

/** All metrics. In the first group a bare host launches both sides, so that only the plugins differ. */
export const CELLS: readonly StartupCell[] = [
  againstRaw('sdk-warm', 'sdkWarm', 'SDK plugin, not bundled, compile cache'),
  againstRaw('sdk-cold', 'sdkCold', 'SDK plugin, not bundled, no compile cache'),
  againstRaw('sdk-mtls', 'sdkMtls', 'SDK plugin, not bundled, compile cache, AutoMTLS'),
  againstRaw('built', 'built', 'plugin made by `troupe plugin build`'),
  againstRaw('built-mtls', 'builtMtls', 'plugin made by `troupe plugin build`, AutoMTLS'),
  againstRaw('raw-warm', 'rawWarm', 'the grpc-js plugin itself with a compile cache'),
  againstRaw('host-sdk-warm', 'hostSdkWarm', 'SDK plugin, compile cache, under a troupe host without TLS'),
  againstRaw('host-sdk-mtls', 'hostSdkMtls', 'SDK plugin, compile cache, under a troupe host as it is by default'),
  againstRaw('host-built', 'hostBuilt', 'built plugin under a troupe host without TLS'),
  againstRaw('host-built-mtls', 'hostBuiltMtls', 'built plugin under a troupe host as it is by default'),
  { metric: 'startup.go', own: 'hostGo', peer: 'goGo', what: 'Go plugin under a troupe host', ratio: 'speed' },
  {
    metric: 'startup.go-mtls',
    own: 'hostGoMtls',
    peer: 'goGoMtls',
    what: 'Go plugin under a troupe host, AutoMTLS',
    ratio: 'speed',
  },
];

/** The variants that the cells need, the floor included. */
export function variantsOf(cells: readonly StartupCell[]): Set<Variant> {
  return new Set(['node', ...cells.flatMap(({ own, peer }) => [own, peer])]);
}

function againstRaw(name: string, own: Variant, what: string): StartupCell {
  return { metric: `startup.${name}`, own, peer: 'raw', what, ratio: 'above' };
}
