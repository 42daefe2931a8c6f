import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createHost } from 'troupe';

const here = import.meta.dirname;
// Where Go looks for sources: the plugin, the contract's Go code, and the packages of the distribution. A project would
// build its plugin beforehand, and as a Go module.
const gopath = mkdtempSync(join(tmpdir(), 'go-plugin-'));
const host = createHost({ process: { backoff: { initialMs: 200 } } });

try {
  const program = build();
  const journal = join(gopath, 'journal');
  const noted = new Set<string | undefined>();
  host.bus.on('order.noted', ({ subject }) => void noted.add(subject), { capacity: 10_000 });

  const plugin = await host.launch({
    name: 'ledger',
    command: program,
    args: ['-answer=order.noted'],
    env: { JOURNAL: journal },
    events: { subscribe: ['order.placed'], emit: ['order.noted'], overflow: 'block' },
  });

  const ids: string[] = [];
  for (let number = 0; number < 2_000; number += 1) await publish(number);
  // It dies with events on their way. The host starts it again and sends again what was not acknowledged.
  process.kill(plugin.status().pid ?? 0, 'SIGKILL');
  for (let number = 2_000; number < 4_000; number += 1) await publish(number);
  await host.stop();

  const handled = [...new Set(readFileSync(journal, 'utf8').trimEnd().split('\n'))];
  console.log(`published ${ids.length} events, handled ${handled.length}`);
  console.log(`noted by the plugin: ${noted.size}`);
  console.log(`in order: ${handled.every((id, index) => id === ids[index])}`);

  async function publish(number: number): Promise<void> {
    const receipt = host.bus.publish({ type: 'order.placed', payload: { number } });
    if (!receipt.accepted) throw receipt.error;
    ids.push(receipt.id);
    await receipt.queued;
  }
} finally {
  await host.stop();
  rmSync(gopath, { recursive: true });
}

function build(): string {
  const proto = join(here, '../../proto');
  cpSync(join(here, 'plugin'), join(gopath, 'src', 'ledger'), { recursive: true });
  for (const contract of ['troupe/events/v1/events.proto', 'troupe/plugin/v1/plugin.proto']) {
    execFileSync('protoc', ['-I', proto, `--go_out=plugins=grpc:${join(gopath, 'src')}`, contract]);
  }
  const program = join(gopath, 'ledger');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: [gopath, '/usr/share/gocode'].join(delimiter) };
  execFileSync('go', ['build', '-o', program, 'ledger'], { env, cwd: gopath });
  return program;
}
