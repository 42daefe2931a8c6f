// A plugin on bare grpc-js: the same contract and codec as the SDK's plugin, go-plugin's handshake line, nothing else.
// Run as plain JavaScript; it keeps to what the start needs, as somebody would write it who counts milliseconds.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { sendUnaryData } from '@grpc/grpc-js';
import { tmpdir } from 'node:os';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import type {
  ChatRequest,
  ChatResponse,
  DownloadRequest,
  DownloadResponse,
  EchoRequest,
  EchoResponse,
  UploadRequest,
  UploadResponse,
} from '../../test/gen/troupe/testing/v1/peer.ts';

const { echo, download, upload, chat } = ProbeServiceService;
const server = new Server();
server.addService(
  { echo, download, upload, chat },
  {
    echo(call: ServerUnaryCall<EchoRequest, EchoResponse>, reply: sendUnaryData<EchoResponse>) {
      reply(null, { text: call.request.text, pid: 0, version: 0 });
    },
    download(call: ServerWritableStream<DownloadRequest, DownloadResponse>) {
      const { count, text } = call.request;
      let index = 0;
      const fill = (): void => {
        while (index < count) {
          const more = call.write({ index, text });
          index += 1;
          if (!more) return void call.once('drain', fill);
        }
        call.end();
      };
      fill();
    },
    upload(call: ServerReadableStream<UploadRequest, UploadResponse>, reply: sendUnaryData<UploadResponse>) {
      let messages = 0;
      let bytes = 0;
      call.on('data', ({ text }: UploadRequest) => {
        messages += 1;
        bytes += text.length;
      });
      call.on('end', () => reply(null, { messages, bytes: BigInt(bytes) }));
    },
    chat(call: ServerDuplexStream<ChatRequest, ChatResponse>) {
      call.on('data', ({ text }: ChatRequest) => {
        if (call.write({ text })) return;
        call.pause();
        call.once('drain', () => call.resume());
      });
      call.on('end', () => call.end());
    },
  },
);

const path = `${process.env['TMPDIR'] ?? tmpdir()}/plugin${process.pid}`;
const { security, certificate } = await securityOf(process.env['PLUGIN_CLIENT_CERT']);
server.bindAsync(`unix:${path}`, security, (error) => {
  if (error !== null) throw error;
  process.stdout.write(`1|1|unix|${path}|grpc|${certificate}\n`);
});

/** Mutual TLS when the host asks for it. Only then is anything more loaded: the certificate is not what is compared. */
async function securityOf(hostPem: string | undefined) {
  if (hostPem === undefined) return { security: ServerCredentials.createInsecure(), certificate: '' };
  const { createCertificate } = await import('troupe/transport');
  const { certificatePem, privateKeyPem, certificateDer } = createCertificate({ now: Date.now() });
  const pair = { cert_chain: Buffer.from(certificatePem), private_key: Buffer.from(privateKeyPem) };
  const security = ServerCredentials.createSsl(Buffer.from(hostPem), [pair], true);
  return { security, certificate: Buffer.from(certificateDer).toString('base64').replace(/=+$/, '') };
}
