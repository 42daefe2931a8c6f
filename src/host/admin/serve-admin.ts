import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import { createGrpcServer } from '../../transport/index.ts';
import type { AdminPorts } from './admin-ports.ts';
import { adminService } from './admin-service.ts';
import { freeAdminSocket, protectAdminSocket } from './admin-socket.ts';

/** How the admin service is served. */
export interface AdminOptions extends AdminPorts {
  /** Path of the socket, in a directory of mode 0700 of this user. */
  readonly socketPath: string;
  readonly clock: Clock;
  /** Largest message that is taken, in bytes; an archive that is sent whole must fit. Default 64 MiB. */
  readonly maxReceiveBytes?: number;
}

/** A served admin service. Whoever serves it closes it. */
export interface AdminServer {
  readonly socketPath: string;
  /**
   * Takes no more calls, ends those that follow logs, waits up to `deadlineMs` (default 2,000) for the others, and removes
   * the socket.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const CLOSE_DEADLINE_MS = 2000;

/**
 * Serves `troupe.admin.v1` to this user's programs.
 *
 * @throws ADMIN_SOCKET_UNSAFE, HOST_RUNNING, SOCKET_PATH_TOO_LONG or LISTEN_FAILED
 */
export async function serveAdmin(options: AdminOptions): Promise<AdminServer> {
  const { socketPath, clock, maxReceiveBytes } = options;
  await freeAdminSocket(socketPath, clock);
  const closing = new AbortController();
  const server = createGrpcServer({
    services: [adminService(options, closing.signal)],
    clock,
    ...(maxReceiveBytes === undefined ? {} : { maxReceiveBytes }),
  });
  await server.listen({ network: 'unix', path: socketPath });
  try {
    await protectAdminSocket(socketPath);
  } catch (error) {
    server.close();
    throw RuntimeError.from(error);
  }
  return {
    socketPath,
    close: async ({ deadlineMs = CLOSE_DEADLINE_MS } = {}) => {
      closing.abort();
      await server.drain({ deadlineMs });
    },
  };
}
