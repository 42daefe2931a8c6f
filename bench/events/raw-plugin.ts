// A plugin on bare grpc-js that counts events and answers what each form demands: go-plugin's handshake line, nothing else.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { EventServiceService } from '../../src/gen/troupe/events/v1/events.ts';
import type {
  DeliverRequest,
  DeliverResponse,
  HandleEventRequest,
  HandleEventResponse,
  StreamEventsRequest,
  StreamEventsResponse,
} from '../../src/gen/troupe/events/v1/events.ts';

const { handleEvent, streamEvents, deliver } = EventServiceService;
const server = new Server();
server.addService(
  { handleEvent, streamEvents, deliver },
  {
    handleEvent(
      _: ServerUnaryCall<HandleEventRequest, HandleEventResponse>,
      reply: sendUnaryData<HandleEventResponse>,
    ) {
      reply(null, { emitted: [], error: undefined });
    },
    streamEvents(
      call: ServerReadableStream<StreamEventsRequest, StreamEventsResponse>,
      reply: sendUnaryData<StreamEventsResponse>,
    ) {
      let received = 0;
      call.on('data', () => {
        received += 1;
      });
      call.on('end', () => reply(null, { received: BigInt(received) }));
    },
    deliver(call: ServerDuplexStream<DeliverRequest, DeliverResponse>) {
      call.on('data', ({ firstSequence }: DeliverRequest) => {
        if (call.write({ settled: firstSequence, sendLimit: firstSequence + 65_536n, results: [] })) return;
        call.pause();
        call.once('drain', () => call.resume());
      });
      call.on('end', () => call.end());
    },
  },
);

const path = `${process.env['TMPDIR'] ?? '/tmp'}/plugin${process.pid}`;
server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write(`1|1|unix|${path}|grpc|\n`);
});
