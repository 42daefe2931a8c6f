import { isRuntimeError } from '../../errors/index.ts';
import { GRPCControllerService } from '../../gen/plugin/grpc_controller.ts';
import type { CallOptions, PluginConnection } from '../../ports/plugin-connection.ts';
import { service } from '../../ports/service.ts';
import type { ServedService } from '../../ports/service.ts';

/**
 * The service by which the host ends the plugin. `onShutdown` is called once, after the answer was handed to the
 * connection; a server that is then drained, not closed, still sends it.
 */
export function controllerService(onShutdown: () => void): ServedService {
  let asked = false;
  return service(GRPCControllerService, {
    shutdown: (_, context) => {
      if (!asked) context.onReplied(onShutdown);
      asked = true;
      return {};
    },
  });
}

/**
 * Asks a plugin to exit. Resolves when it has agreed; Go plugins show that by dropping the connection instead of
 * answering. Rejects with `DEADLINE_EXCEEDED` or, for a plugin without this service, `UNIMPLEMENTED`.
 */
export async function requestShutdown(
  connection: PluginConnection,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const options: CallOptions = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  try {
    await connection.unary(GRPCControllerService.shutdown, {}, options);
  } catch (error) {
    if (!isRuntimeError(error) || error.code !== 'UNAVAILABLE') throw error;
  }
}
