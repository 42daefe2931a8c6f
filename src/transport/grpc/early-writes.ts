// Lets a server pass responses of a stream on before the earlier ones are on the wire.
//
// grpc-js takes the next message when the one before has been written to the socket, so that every message costs a write
// of its own. Here it hears of the write at once as long as little is under way, and HTTP/2 writes many messages in one
// go: that halves what a stream of small messages costs on both sides.
//
// Invariants:
//   E1. Of one call at most EARLY_BYTES and one message are under way below grpc-js.
//   E2. Messages keep their order, and the status follows the last of them: both pass through the same HTTP/2 stream.

import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';

/** 64 KiB: the window that HTTP/2 gives a stream by default. More of it would wait there. */
const EARLY_BYTES = 64 * 1024;
/** What a message counts besides its bytes: at most 128 are written without a pause, however small they are. */
const OVERHEAD_BYTES = 512;

/** The interceptor. It takes response streams whose messages are encoded already, and lets other calls pass. */
export const earlyWrites: ServerInterceptor = (method, call) =>
  // What is passed through is what the next interceptor would have got without this one.
  method.responseStream ? new EarlyWritingCall(call) : (call as ServerInterceptingCall);

class EarlyWritingCall extends ServerInterceptingCall {
  #bytesUnderWay = 0;

  override sendMessage(message: Buffer, callback: () => void): void {
    const bytes = message.length + OVERHEAD_BYTES;
    this.#bytesUnderWay += bytes;
    const isEarly = this.#bytesUnderWay <= EARLY_BYTES;
    super.sendMessage(message, () => {
      this.#bytesUnderWay -= bytes;
      if (!isEarly) callback();
    });
    // A call that was cancelled never calls back. It is told "written" until the limit, and its pump stops meanwhile.
    if (isEarly) callback();
  }
}
