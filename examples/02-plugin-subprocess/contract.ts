// What host and plugin agree on, written by hand as in 01-embed.

export interface DivideRequest {
  dividend: number;
  divisor: number;
}

export interface DivideResponse {
  quotient: number;
}

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

export const CalculatorService = {
  divide: {
    path: '/example.Calculator/Divide',
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (value: DivideRequest) => encode(value),
    requestDeserialize: (bytes: Buffer) => decode(bytes) as DivideRequest,
    responseSerialize: (value: DivideResponse) => encode(value),
    responseDeserialize: (bytes: Buffer) => decode(bytes) as DivideResponse,
  },
};
