// The smallest host that go-plugin's wire allows, on bare grpc-js: what a host costs that does nothing but its duty.
//
// It sets the variables of the handshake, reads one line, connects. No guard against orphans, no health, no broker, no
// reading of output, no errors worth the name; the options of the channel are those that grpc-js has by itself.

import { Client, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from 'troupe/transport';

/** What the raw host is to start. */
export interface RawLaunch {
  readonly command: string;
  readonly args?: readonly string[];
  /** On top of PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cookie: { readonly cookieKey: string; readonly cookieValue: string };
  /** Mutual TLS as go-plugin's AutoMTLS does it. Default false. */
  readonly mtls?: boolean;
}

/** A plugin that the raw host has started. */
export interface RawPlugin {
  readonly pid: number;
  readonly client: Client;
  /** Kills the process and waits for its end. */
  close(): Promise<void>;
}

/** A raw host. Whoever creates it closes it. */
export interface RawHost {
  launch(options: RawLaunch): Promise<RawPlugin>;
  /** Kills everything that is left. */
  close(): void;
}

/** Creates a raw host with a directory of its own for sockets. */
export function createRawHost(): RawHost {
  const directory = mkdtempSync(join(tmpdir(), 'raw-'));
  const children = new Set<ChildProcess>();
  const close = (): void => {
    process.off('exit', close);
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', close);
  return {
    async launch(options) {
      const certificate = options.mtls === true ? createCertificate({ now: Date.now() }) : undefined;
      const child = spawn(options.command, options.args ?? [], {
        env: environmentOf(options, directory, certificate?.certificatePem),
        stdio: ['ignore', 'pipe', 'ignore'],
        // As troupe does. Linux shares a busy processor between sessions first: a plugin in a session of its own gets
        // more of it than one that shares its host's.
        detached: true,
      });
      children.add(child);
      const exited = once(child, 'exit').then(() => children.delete(child));
      const [, , network, address, , der = ''] = (await firstLine(child)).trimEnd().split('|');
      const security =
        certificate === undefined
          ? credentials.createInsecure()
          : mutualTls(certificate.certificatePem, certificate.privateKeyPem, der);
      const client = new Client(`${network}:${address}`, security, targetOptions(certificate !== undefined));
      return {
        pid: child.pid ?? -1,
        client,
        async close() {
          client.close();
          child.kill('SIGKILL');
          await exited;
        },
      };
    },
    close,
  };
}

function environmentOf(
  { env, cookie }: RawLaunch,
  directory: string,
  certificatePem: string | undefined,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    TMPDIR: directory,
    ...env,
    [cookie.cookieKey]: cookie.cookieValue,
    PLUGIN_MIN_PORT: '10000',
    PLUGIN_MAX_PORT: '25000',
    PLUGIN_PROTOCOL_VERSIONS: '1',
    ...(certificatePem === undefined ? {} : { PLUGIN_CLIENT_CERT: certificatePem }),
  };
}

/** Rejects when the process ends without a line. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`the plugin ended with code ${code} before its handshake line`)));
    child.once('error', reject);
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

function mutualTls(certificatePem: string, keyPem: string, der: string): ChannelCredentials {
  // The line leaves the padding out, which PEM has to have.
  const padded = Buffer.from(der, 'base64').toString('base64');
  const body = padded.match(/.{1,64}/g)?.join('\n') ?? '';
  const trusted = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  return credentials.createSsl(Buffer.from(trusted), Buffer.from(keyPem), Buffer.from(certificatePem));
}

function targetOptions(secure: boolean): Record<string, string> {
  return secure ? { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' } : {};
}
