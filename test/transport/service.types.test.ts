import { describe, expectTypeOf, it } from 'vitest';
import type { CallOptions, PluginConnection } from '../../src/ports/plugin-connection.ts';
import { createServiceClient, service } from '../../src/ports/service.ts';
import type {
  CallContext,
  Messages,
  ServedService,
  ServiceClient,
  ServiceImplementation,
} from '../../src/ports/service.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import type {
  ChatRequest,
  ChatResponse,
  DownloadRequest,
  DownloadResponse,
  EchoRequest,
  EchoResponse,
  UploadRequest,
  UploadResponse,
} from '../gen/troupe/testing/v1/peer.ts';

type Client = ServiceClient<typeof ProbeServiceService>;
type Implementation = ServiceImplementation<typeof ProbeServiceService>;

describe('ServiceClient', () => {
  it('has a function of the right kind for each of the 4 kinds of method', () => {
    expectTypeOf<Client['echo']>().toEqualTypeOf<
      (request: EchoRequest, options?: CallOptions) => Promise<EchoResponse>
    >();
    expectTypeOf<Client['download']>().toEqualTypeOf<
      (request: DownloadRequest, options?: CallOptions) => AsyncIterable<DownloadResponse>
    >();
    expectTypeOf<Client['upload']>().toEqualTypeOf<
      (requests: Messages<UploadRequest>, options?: CallOptions) => Promise<UploadResponse>
    >();
    expectTypeOf<Client['chat']>().toEqualTypeOf<
      (requests: Messages<ChatRequest>, options?: CallOptions) => AsyncIterable<ChatResponse>
    >();
  });

  it('has no other functions than the methods of its service', () => {
    expectTypeOf<keyof Client>().toEqualTypeOf<keyof typeof ProbeServiceService>();
  });

  it('comes from a connection or from a function that returns one', () => {
    expectTypeOf(createServiceClient<typeof ProbeServiceService>)
      .parameter(1)
      .toEqualTypeOf<PluginConnection | (() => PluginConnection)>();
  });
});

describe('ServiceImplementation', () => {
  it('has a handler of the right kind for each of the 4 kinds of method', () => {
    expectTypeOf<Implementation['echo']>().toEqualTypeOf<
      (request: EchoRequest, context: CallContext) => Promise<EchoResponse> | EchoResponse
    >();
    expectTypeOf<Implementation['download']>().toEqualTypeOf<
      (request: DownloadRequest, context: CallContext) => Messages<DownloadResponse>
    >();
    expectTypeOf<Implementation['upload']>().toEqualTypeOf<
      (requests: AsyncIterable<UploadRequest>, context: CallContext) => Promise<UploadResponse> | UploadResponse
    >();
    expectTypeOf<Implementation['chat']>().toEqualTypeOf<
      (requests: AsyncIterable<ChatRequest>, context: CallContext) => Messages<ChatResponse>
    >();
  });

  it('must be whole and must answer with the response type', () => {
    const { echo } = ProbeServiceService;
    type Echo = Parameters<typeof service<{ echo: typeof echo }>>[1];

    expectTypeOf<Record<string, never>>().not.toExtend<Echo>();
    expectTypeOf<{ echo: () => { text: string } }>().not.toExtend<Echo>();
  });

  it('fits into a list of services of any kind', () => {
    const { echo } = ProbeServiceService;
    const served = service({ echo }, { echo: ({ text }) => ({ text, pid: 0, version: 0 }) });

    expectTypeOf(served).toExtend<ServedService>();
  });
});
