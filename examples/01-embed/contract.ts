// What host and plugin agree on. Any service definition for grpc-js will do: ts-proto and grpc-tools generate them from
// .proto files. This one is written by hand and carries JSON, so that you see all there is to it.

export interface GreetRequest {
  name: string;
}

export interface GreetResponse {
  text: string;
  pid: number;
}

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

export const GreeterService = {
  greet: {
    path: '/example.Greeter/Greet',
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (value: GreetRequest) => encode(value),
    requestDeserialize: (bytes: Buffer) => decode(bytes) as GreetRequest,
    responseSerialize: (value: GreetResponse) => encode(value),
    responseDeserialize: (bytes: Buffer) => decode(bytes) as GreetResponse,
  },
};
