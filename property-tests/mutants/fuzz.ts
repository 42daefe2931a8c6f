// Bugs that the fuzz targets must find. Plant one, run its target, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

/** One bug or more for each target. */
export const FUZZ_MUTANTS: readonly Mutant[] = [
  {
    name: 'an address is accepted that grpc-js cannot read',
    file: 'src/transport/go-plugin/listen-address.ts',
    from: '\\0\\u2028\\u2029]/',
    to: '\\0]/',
    killedBy: 'property-tests/fuzz/handshake-line.fuzz.prop.ts',
  },
  {
    name: 'a number of the host is not held against its range',
    file: 'src/transport/go-plugin/handshake-environment.ts',
    from: 'return value <= highest ? value : undefined;',
    to: 'return highest && value;',
    killedBy: 'property-tests/fuzz/handshake-environment.fuzz.prop.ts',
  },
  {
    name: 'an impossible option of the host is a fault of the plugin',
    file: 'src/sdk/serve-plugin.ts',
    from: "if (!isRuntimeError(cause) || cause.code !== 'INVALID_OPTIONS') throw cause;",
    to: 'if (cause) throw cause;',
    killedBy: 'test/fuzz/handshake-environment.integration.test.ts',
  },
  {
    name: 'a line that is no JSON is an error of the reader (L1)',
    file: 'src/transport/go-plugin/hclog.ts',
    from: 'return undefined; // not JSON: the caller keeps the line as text',
    to: 'return JSON.parse(line.slice(1)) as Record<string, unknown>;',
    killedBy: 'property-tests/fuzz/log-lines.fuzz.prop.ts',
  },
  {
    name: 'a plugin logs under the name of another (O4)',
    file: 'src/transport/go-plugin/plugin-output.ts',
    from: "...(Object.hasOwn(fields, 'plugin') ? { plugin, plugin_: fields['plugin'] } : {}),",
    to: '',
    killedBy: 'property-tests/fuzz/log-lines.fuzz.prop.ts',
  },
  {
    name: 'an announcement that was used keeps its timer (A4)',
    file: 'src/transport/go-plugin/announcements.ts',
    from: 'this.#options.clock.clearTimeout(this.#pending.get(id)?.timer);',
    to: '',
    killedBy: 'property-tests/fuzz/announcements.fuzz.prop.ts',
  },
  {
    name: 'a broker announces an id that no message can carry',
    file: 'src/transport/go-plugin/broker.ts',
    from: 'if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return;',
    to: 'if (id <= MAX_ID || id > MAX_ID || true) return;',
    killedBy: 'property-tests/fuzz/announcements.fuzz.prop.ts',
  },
  {
    name: 'the plugin does not notice a broken broker stream',
    file: 'src/transport/go-plugin/broker-stream.ts',
    from: 'receiveAll(incoming, broker).then(over, over);',
    to: 'void receiveAll(incoming, broker).then(over);',
    killedBy: 'test/fuzz/announcements.integration.test.ts',
  },
  {
    name: 'what OpenSSL says of a certificate gets through (C3)',
    file: 'src/transport/go-plugin/certificate.ts',
    from: "throw malformed('it is no X.509 certificate in DER', cause);",
    to: 'throw cause;',
    killedBy: 'property-tests/fuzz/certificate.fuzz.prop.ts',
  },
  {
    name: 'bytes behind a certificate are passed over (C2)',
    file: 'src/transport/go-plugin/certificate.ts',
    from: "isWhole = parsed.raw.equals(der) && parsed.publicKey.type === 'public';",
    to: "isWhole = parsed.publicKey.type === 'public';",
    killedBy: 'property-tests/fuzz/certificate.fuzz.prop.ts',
  },
  {
    name: 'a failed launch leaves its directory (W3)',
    file: 'src/transport/go-plugin/placed-process.ts',
    from: 'const { problem } = await directory.remove();',
    to: 'const problem = undefined as Error | undefined;',
    killedBy: 'test/fuzz/launch.integration.test.ts',
  },
  {
    name: 'a field may be longer than what holds it (R1)',
    file: 'src/transport/events/wire-reader.ts',
    from: 'if (this.high !== 0 || end > this.end) throw',
    to: 'if (this.high !== 0) throw',
    killedBy: 'property-tests/fuzz/events.fuzz.prop.ts',
  },
  {
    name: 'numbers of a peer may be above 2^53',
    file: 'src/transport/events/wire-reader.ts',
    from: 'if (this.high >= UNSAFE_HIGH) throw',
    to: 'if (this.high < 0) throw',
    killedBy: 'test/transport/events/events.test.ts',
  },
  {
    name: 'an event stays where a wrong guess of its length has put it (W2)',
    file: 'src/transport/events/wire-writer.ts',
    from: 'if (needed !== guessed) bytes.copyWithin',
    to: 'if (needed > 9) bytes.copyWithin',
    killedBy: 'property-tests/transport/events.codec.prop.ts',
  },
  {
    name: 'a text is taken for another one of its length and place in the table (T1)',
    file: 'src/transport/events/shared-text.ts',
    from: 'while (at < end && kept[from + at] === bytes[at]) at += 1;',
    to: 'at = end;',
    killedBy: 'property-tests/transport/shared-text.codec.prop.ts',
  },
];
