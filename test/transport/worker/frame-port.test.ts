import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServiceClient, service } from '../../../src/ports/index.ts';
import { FramePort } from '../../../src/transport/worker/frame-port.ts';
import { FRAME } from '../../../src/transport/worker/frames.ts';
import { WINDOW_BYTES } from '../../../src/transport/worker/flow.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { probe } from '../connection-contract.ts';
import { connectOverPorts } from './support.ts';

describe('FramePort', () => {
  it('tells frames and notes in the order in which they were sent', async () => {
    const { near, told } = pair();

    near.send(FRAME.open, 1, Buffer.from('a'));
    near.post({ kind: 'note' });
    near.send(FRAME.open, 2, Buffer.from('b'));

    await told.reached(3);
    expect(told.list).toEqual(['frame 1 a', 'note', 'frame 2 b']);
  });

  it.each<[string, unknown]>([
    ['a piece of 3 bytes', new ArrayBuffer(3)],
    ['a note that its reader throws over', { kind: 'throw' }],
  ])('closes, and does not throw, when the other side sends %s', async (_what, message) => {
    const { far, told, raw } = pair();

    raw.postMessage(message);
    await told.reached(1);

    expect(told.list).toEqual(['closed']);
    expect(far.isOpen).toBe(false);
  });

  it('hears of the end of the other side once, and sends nothing more', async () => {
    const { near, far, told } = pair();

    near.close();
    await told.reached(1);
    far.send(FRAME.open, 1);
    far.post({});
    far.close();

    expect(told.list).toEqual(['closed']);
  });
});

describe('a connection whose other side is gone', () => {
  it('has failed its call with UNAVAILABLE from the connection, and fails further ones at once', async () => {
    const { connection, ports, close } = connectOverPorts([service(ProbeServiceService, probe())]);
    onTestFinished(close);
    const client = createServiceClient(ProbeServiceService, connection);
    const hanging = client.hang({ busy: false });

    ports[1].close();

    const lost = { code: 'UNAVAILABLE', details: { origin: 'connection' } };
    await expect(hanging).rejects.toMatchObject(lost);
    await expect(client.echo({ text: '' })).rejects.toMatchObject(lost);
    expect(connection.inFlight).toBe(0);
  });

  it('has aborted the signals of the handlers', async () => {
    const aborted = Promise.withResolvers<void>();
    const hang = (_: unknown, { signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => aborted.resolve(), { once: true });
      return new Promise<never>(() => {});
    };
    const { connection, server, ports, close } = connectOverPorts([service(ProbeServiceService, { ...probe(), hang })]);
    onTestFinished(close);
    const hanging = createServiceClient(ProbeServiceService, connection)
      .hang({ busy: false })
      .catch(({ code }: { code: string }) => code);
    await createServiceClient(ProbeServiceService, connection).echo({ text: '' });

    ports[0].close();
    connection.lost();

    await aborted.promise;
    expect(await hanging).toBe('UNAVAILABLE');
    expect(server.inFlight).toBe(0);
  });
});

describe('a sender that ignores its window', () => {
  it('has its call ended with INTERNAL after 256 KiB', async () => {
    const upload = () => new Promise<never>(() => {});
    const { connection, ports, close } = connectOverPorts([service(ProbeServiceService, { ...probe(), upload })]);
    onTestFinished(close);
    const messages = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const call = createServiceClient(ProbeServiceService, connection).upload(messages);
    const large = ProbeServiceService.upload.requestSerialize({ text: 'x'.repeat(WINDOW_BYTES) });

    // The first fills the queue's place; what comes after the window is too much.
    for (let sent = 0; sent < 40; sent += 1) ports[0].send(FRAME.request, 1, large);

    await expect(call).rejects.toMatchObject({
      code: 'INTERNAL',
      rawMessage: expect.stringContaining('more requests were sent than the window allows'),
    });
  });
});

// Helpers

function pair() {
  const { port1, port2 } = new MessageChannel();
  const list: string[] = [];
  let wake = (): void => {};
  const tell = (text: string): void => {
    list.push(text);
    wake();
  };
  const near = new FramePort(port1, { onFrame: () => {}, onClosed: () => {} });
  const far = new FramePort(port2, {
    onFrame: (_, call, body) => tell(`frame ${call} ${body.toString()}`),
    onNote: (note) => {
      const { kind } = note as { kind: string };
      if (kind === 'throw') throw new Error('what is this');
      tell(kind);
    },
    onClosed: () => tell('closed'),
  });
  onTestFinished(() => {
    near.close();
    far.close();
  });
  const reached = async (count: number): Promise<void> => {
    while (list.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { near, far, raw: port1, told: { list, reached } };
}
