// The work on bare grpc-js, with callbacks and events: what it costs when nothing is made comfortable.

import type { Client, ServiceError } from '@grpc/grpc-js';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import type { ChatRequest, ChatResponse, DownloadRequest } from '../../test/gen/troupe/testing/v1/peer.ts';
import type { DownloadResponse, EchoRequest, EchoResponse } from '../../test/gen/troupe/testing/v1/peer.ts';
import type { UploadRequest, UploadResponse } from '../../test/gen/troupe/testing/v1/peer.ts';
import { CONCURRENCY, DOWNLOAD_COUNT, requestsUntil, TEXT } from './batches.ts';
import type { Batches } from './batches.ts';

const { echo, download, upload, chat } = ProbeServiceService;

/** The work through a bare client. */
export function rawBatches(client: Client): Batches {
  return {
    sequential: (until) => chain(client, until),
    async concurrent(until) {
      const all = await Promise.all(Array.from({ length: CONCURRENCY }, () => chain(client, until)));
      return all.reduce((sum, done) => sum + done, 0);
    },
    async 'server-stream'(until) {
      let received = 0;
      do received += await downloadOnce(client);
      while (performance.now() < until);
      return received;
    },
    'client-stream': (until) => uploadUntil(client, until),
    bidi: (until) => chatUntil(client, until),
  };
}

/** Each call is made in the callback of the one before. */
function chain(client: Client, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const next = (): void => {
      client.makeUnaryRequest<EchoRequest, EchoResponse>(
        echo.path,
        echo.requestSerialize,
        echo.responseDeserialize,
        { text: TEXT },
        answered,
      );
    };
    const answered = (error: ServiceError | null): void => {
      if (error !== null) return reject(error);
      done += 1;
      if (performance.now() < until) next();
      else resolve(done);
    };
    next();
  });
}

async function downloadOnce(client: Client): Promise<number> {
  let received = 0;
  const call = client.makeServerStreamRequest<DownloadRequest, DownloadResponse>(
    download.path,
    download.requestSerialize,
    download.responseDeserialize,
    { count: DOWNLOAD_COUNT, text: TEXT },
  );
  call.on('data', () => {
    received += 1;
  });
  await once(call, 'end');
  return received;
}

function uploadUntil(client: Client, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest<UploadRequest, UploadResponse>(
      upload.path,
      upload.requestSerialize,
      upload.responseDeserialize,
      (error, response) => {
        if (error !== null) reject(error);
        else resolve(response?.messages ?? 0);
      },
    );
    writeUntil(call, until);
  });
}

async function chatUntil(client: Client, until: number): Promise<number> {
  let acknowledged = 0;
  const call = client.makeBidiStreamRequest<ChatRequest, ChatResponse>(
    chat.path,
    chat.requestSerialize,
    chat.responseDeserialize,
  );
  call.on('data', () => {
    acknowledged += 1;
  });
  writeUntil(call, until);
  await once(call, 'end');
  return acknowledged;
}

/** As fast as the stream takes them. */
function writeUntil(call: Writable, until: number): void {
  const requests = requestsUntil(until);
  const fill = (): void => {
    for (let next = requests.next(); next.done !== true; next = requests.next()) {
      if (!call.write(next.value)) return void call.once('drain', fill);
    }
    call.end();
  };
  fill();
}
