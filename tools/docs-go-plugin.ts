// Writes docs/go-plugin.md: what go-plugin offers, what became of it here, and how what is missing is refused. With
// `--check` it writes nothing and exits 1 when the page is not what would be written.

import { readFileSync, writeFileSync } from 'node:fs';
import { RuntimeError } from '../src/errors/index.ts';
import { parseHandshakeLine } from '../src/transport/go-plugin/handshake-line.ts';
import { readReattach } from '../src/transport/go-plugin/reattach.ts';
import { FEATURES } from './go-plugin-features.ts';
import type { Feature } from './go-plugin-features.ts';

/** Where the page lives. */
export const GO_PLUGIN_PAGE: URL = new URL('../docs/go-plugin.md', import.meta.url);

/** Something that is refused, and the message that a user gets. */
export interface Refusal {
  readonly what: string;
  /** Where it shows. */
  readonly field: string;
  readonly error: RuntimeError;
}

const INTRODUCTION = `<!-- Generated from tools/go-plugin-features.ts by tools/docs-go-plugin.ts, defaults from the code; change those instead. -->

# go-plugin, feature by feature

What [HashiCorp go-plugin](https://github.com/hashicorp/go-plugin) offers to hosts and plugins, what the same is called
here, which default it has, and what differs and why. A host is what go-plugin calls a client, a plugin what it calls a
server. How to move code is in [the guide](guides/migrating-from-go-plugin.md); the bytes are in [the wire](wire.md).
`;

const UNSUPPORTED = `## What is refused

Each of these is refused before the plugin is connected, with the code, and a message that names the field.

| what | field | code | message |
| --- | --- | --- | --- |`;

const OTHER_SIDE = `
The other way round, our plugins in a Go host:

| what the Go host asks for | what our plugin does |
| --- | --- |
| \`GRPCBrokerMultiplex\` (it sets \`PLUGIN_MULTIPLEX_GRPC\`) | prints \`false\` in field 7; the host then reports that the plugin does not support multiplexing |
| a knock (\`ConnInfo.knock\`) | answers at once with an error that names the field |
| net/rpc only, the default of \`AllowedProtocols\` | prints \`grpc\` in field 5; the host then reports an unsupported protocol. Allow \`plugin.ProtocolGRPC\` |
`;

/** What a host of ours refuses, tried out. */
export function refusals(): Refusal[] {
  const ofLine = (line: string): RuntimeError =>
    errorOf(() => parseHandshakeLine(line, { versions: [1], requireCertificate: false }));
  const reattach = { Protocol: 'netrpc', Pid: 1, Addr: { Network: 'unix', String: '/tmp/plugin1' } };
  return [
    { what: 'net/rpc', field: 'field 5 of the handshake line', error: ofLine('1|1|unix|/tmp/plugin1|netrpc') },
    { what: 'net/rpc, old', field: 'field 5, which is missing', error: ofLine('1|1|unix|/tmp/plugin1') },
    { what: 'net/rpc, reattached', field: '`Protocol` of the JSON', error: errorOf(() => readReattach(reattach)) },
    { what: 'multiplexed broker', field: 'field 7', error: ofLine('1|1|unix|/tmp/plugin1|grpc||true') },
    { what: 'named pipes of Windows', field: 'field 3', error: ofLine('1|1|npipe|//./pipe/plugin1|grpc') },
    { what: 'tcp from another machine', field: 'field 4', error: ofLine('1|1|tcp|192.0.2.1:10000|grpc') },
  ];
}

/** The whole page. */
export function renderGoPluginPage(): string {
  const sections = Object.entries(FEATURES).map(([title, features]) => `## ${title}\n\n${tableOf(features)}\n`);
  const refused = refusals().map(({ what, field, error }) =>
    cells(what, field, `\`${error.code}\``, `\`${error.rawMessage}\``),
  );
  return `${[INTRODUCTION, ...sections, [UNSUPPORTED, ...refused, OTHER_SIDE].join('\n')].join('\n')}`;
}

function tableOf(features: readonly Feature[]): string {
  const head = ['| feature | go-plugin | troupe | what differs, and why |', '| --- | --- | --- | --- |'];
  const rows = features.map(({ name, theirs, ours, difference }) => cells(name, theirs, ours, difference));
  return [...head, ...rows].join('\n');
}

/** A row. Line breaks in the sources are for their readers only. */
function cells(...texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
}

function errorOf(refused: () => unknown): RuntimeError {
  try {
    refused();
  } catch (error) {
    return RuntimeError.from(error);
  }
  throw new RuntimeError('INTERNAL', 'what the page lists as refused was accepted');
}

if (import.meta.main) {
  const page = renderGoPluginPage();
  if (!process.argv.includes('--check')) {
    writeFileSync(GO_PLUGIN_PAGE, page);
  } else if (readFileSync(GO_PLUGIN_PAGE, 'utf8') !== page) {
    process.stderr.write('docs/go-plugin.md is out of date: run npm run docs\n');
    process.exitCode = 1;
  }
}
