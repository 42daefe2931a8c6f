// The change that go-plugin made in version 1.4.4, for older sources: under AutoMTLS both sides can be client and server
// of a brokered connection (issue 109 of hashicorp/go-plugin).
//
// Invariants:
//   G1. Each text to be replaced occurs exactly once; else the sources are not those that the patch is made for, and
//       building goes no further.

/** One replacement in one file. */
export interface Replacement {
  /** File name within the package. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The plugin trusts the host's certificate, and the host demands the plugin's, on connections that the other one serves. */
export const BROKERED_MTLS: readonly Replacement[] = [
  {
    file: 'server.go',
    find: '\t\t\tClientCAs:    clientCertPool,\n',
    replace:
      '\t\t\tClientCAs:    clientCertPool,\n\t\t\tRootCAs:      clientCertPool,\n\t\t\tServerName:   "localhost",\n',
  },
  {
    file: 'client.go',
    find: '\t\t\tServerName:   "localhost",\n',
    replace:
      '\t\t\tServerName:   "localhost",\n\t\t\tClientAuth:   tls.RequireAndVerifyClientCert,\n\t\t\tMinVersion:   tls.VersionTLS12,\n',
  },
  {
    file: 'client.go',
    find: '\tc.config.TLSConfig.RootCAs = certPool\n',
    replace: '\tc.config.TLSConfig.RootCAs = certPool\n\tc.config.TLSConfig.ClientCAs = certPool\n',
  },
];

/** Replaces a text that occurs exactly once. Throws when it occurs more or less often (G1). */
export function replaceOnce(source: string, { file, find, replace }: Replacement): string {
  const [before, after, ...others] = source.split(find);
  if (before === undefined || after === undefined || others.length > 0) {
    const times = source.split(find).length - 1;
    throw new Error(`cannot patch ${file}: found ${JSON.stringify(find.trim())} ${times} times instead of once`);
  }
  return before + replace + after;
}
