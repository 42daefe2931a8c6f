// What go-plugin's first releases lack, for their sources:
//
//   BROKERED_MTLS  the change of version 1.4.4: under AutoMTLS both sides can be client and server of a brokered
//                  connection (issue 109 of hashicorp/go-plugin)
//   SYNCED_OUTPUT  the stream of version 1.1.0 that carries what a plugin prints, together with additions/grpc_stdio.go
//   TCP_LISTENING  listeners on TCP as on Windows, when TROUPE_PLUGIN_NETWORK is "tcp"; no release has that
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

/** Plugins serve their output, and hosts read it. */
export const SYNCED_OUTPUT: readonly Replacement[] = [
  {
    file: 'grpc_server.go',
    find: '\t// Register the controller\n',
    replace:
      '\tplugin.RegisterGRPCStdioServer(s.server, newStdioServer(s.Stdout, s.Stderr))\n\n\t// Register the controller\n',
  },
  {
    file: 'grpc_client.go',
    find: '\tgo brokerGRPCClient.StartStream()\n',
    replace:
      '\tgo brokerGRPCClient.StartStream()\n\tgo receiveStdio(doneCtx, conn, c.config.SyncStdout, c.config.SyncStderr)\n',
  },
];

/** Listeners of the plugin, and those that either side brokers, are on TCP when the environment says so. */
export const TCP_LISTENING: readonly Replacement[] = [
  {
    file: 'server.go',
    find: '\tif runtime.GOOS == "windows" {\n',
    replace: '\tif runtime.GOOS == "windows" || os.Getenv("TROUPE_PLUGIN_NETWORK") == "tcp" {\n',
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
