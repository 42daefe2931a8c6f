import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** What `@statelyai/inspect` sends. */
export interface Frame {
  readonly type: string;
  readonly sessionId: string;
  readonly [key: string]: unknown;
}

/** The receiving end of an inspector, on loopback. */
export interface FrameServer {
  readonly url: string;
  readonly frames: Frame[];
  /** Resolves when so many frames have come, over all connections. */
  has(count: number): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Starts one. Understands what a WebSocket client of Node.js sends: masked text in one piece. */
export async function startFrameServer(port = 0): Promise<FrameServer> {
  const frames: Frame[] = [];
  const sockets = new Set<Duplex>();
  const waiting = new Set<() => void>();
  const server = createServer().on('upgrade', ({ headers }, socket) => {
    const key = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    sockets.add(socket);
    let bytes = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let frame = takeFrame(bytes); frame !== undefined; frame = takeFrame(bytes)) {
        bytes = bytes.subarray(frame.length);
        if (frame.opcode === 1) frames.push(JSON.parse(frame.text) as Frame);
        else socket.end();
      }
      for (const check of waiting) check();
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    frames,
    has: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (frames.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

function takeFrame(
  bytes: Buffer,
): { readonly length: number; readonly opcode: number; readonly text: string } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskAt = 2 + lengthBytes;
  if (bytes.length < maskAt + 4) return undefined;
  const size = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const start = maskAt + 4;
  if (bytes.length < start + size) return undefined;
  const payload = bytes.subarray(start, start + size).map((byte, i) => byte ^ bytes.readUInt8(maskAt + (i % 4)));
  return { length: start + size, opcode: bytes.readUInt8(0) & 0x0f, text: Buffer.from(payload).toString() };
}
