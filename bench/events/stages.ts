// The rows of the benchmark.

import type { Stage, StageMetric, Variant } from './stage.ts';

const KILOBYTES_4 = 4_096;

const RAW_UNARY: Variant = { driver: 'raw', work: 'unary-sequential' };
const RAW_UNARY_64: Variant = { driver: 'raw', work: 'unary-64' };
const RAW_STREAM: Variant = { driver: 'raw', work: 'client-stream' };
const RAW_ACKED: Variant = { driver: 'raw', work: 'acked-each' };
const GO_ACKED: Variant = { driver: 'go', work: 'acked-each' };
const GO_PLAIN_ACKED: Variant = { driver: 'go-plain', work: 'acked-each' };
const GO_BATCHED: Variant = { driver: 'go', work: 'acked-batched' };

/** A plugin on the SDK that reads every field of each event. */
const ACKED = troupe('--form=acked');
/** Nobody waits here for room: what comes while the machine is busy with others has to have some. */
const ACKED_ROOMY = troupe('--form=acked', '--capacity=131072');
const STREAM = troupe('--form=stream');
const UNARY = troupe('--form=unary');
/** Its handlers read what they need: here nothing but the type. */
const FANOUT_4 = troupe('--form=acked', '--subscribers=4', '--lazy');
const FANOUT_10 = troupe('--form=acked', '--subscribers=10', '--lazy');
const FOREIGN = troupe('--form=foreign');

/** All stages, the headline ones first. */
export const STAGES: readonly Stage[] = [
  {
    name: 'acked',
    variants: {
      acked: ACKED,
      goAcked: GO_ACKED,
      rawAcked: RAW_ACKED,
      goPlain: GO_PLAIN_ACKED,
      goBatched: GO_BATCHED,
    },
    metrics: [
      rate('events.acked.go', 'acked, all fields read, against go-plugin with one ack a message', 'acked', 'goAcked'),
      rate('events.acked.raw', 'acked, all fields read, against grpc-js with one ack a message', 'acked', 'rawAcked'),
      rate('events.acked.go-plain', 'acked against go-plugin with events without metadata', 'acked', 'goPlain'),
      rate('events.acked.go-batched', 'acked against go-plugin with the same batches', 'acked', 'goBatched'),
      cost('events.acked.cpu', 'processor time for one acked event, against grpc-js', 'acked', 'rawAcked', 'cpuUs'),
      cost('events.acked.cpu-go', 'processor time for one acked event, against go-plugin', 'acked', 'goAcked', 'cpuUs'),
      cost('events.acked.memory', 'memory of both processes, against grpc-js', 'acked', 'rawAcked', 'memoryMiB'),
    ],
  },
  {
    name: 'stream',
    variants: { stream: STREAM, rawUnary64: RAW_UNARY_64, rawStream: RAW_STREAM },
    metrics: [
      rate('events.stream.unary64', 'stream against grpc-js unary calls, 64 in flight', 'stream', 'rawUnary64'),
      rate('events.stream.raw', 'stream, a result for each event, against a bare client stream', 'stream', 'rawStream'),
      cost('events.stream.cpu', 'processor time for one event, against grpc-js', 'stream', 'rawStream', 'cpuUs'),
    ],
  },
  {
    name: 'fan-out to 4',
    variants: { fanout: FANOUT_4, goAcked: GO_ACKED },
    metrics: [
      rate(
        'events.fanout4.go',
        'delivered to 4 subscribers, read lazily, against go-plugin to one',
        'fanout',
        'goAcked',
      ),
      cost('events.fanout4.cpu', 'processor time for one delivered event, against it', 'fanout', 'goAcked', 'cpuUs'),
    ],
  },
  {
    name: 'idle',
    variants: {
      idle: { ...ACKED, work: 'latency' },
      rawUnary: { driver: 'raw', work: 'unary-latency' },
    },
    metrics: [
      cost('events.idle-p50', 'acked, one event at a time, against a bare unary call', 'idle', 'rawUnary', 'p50Us'),
      cost('events.idle-p99', 'the same, 99th percentile', 'idle', 'rawUnary', 'p99Us'),
    ],
  },
  {
    name: 'publish',
    variants: {
      nonmatching: { ...ACKED, args: ['--form=none'], work: 'publish-10000' },
      alone: { ...ACKED, args: ['--form=none'], work: 'publish-0' },
    },
    metrics: [
      cost(
        'events.publish.nonmatching',
        'time of a publish with 10,000 subscriptions that do not match, against none',
        'nonmatching',
        'alone',
        'p50Us',
      ),
    ],
  },
  {
    name: 'foreign',
    variants: { foreign: FOREIGN, goAcked: GO_ACKED },
    metrics: [
      rate('events.foreign.go', 'to a Go plugin with one event a message, against go-plugin', 'foreign', 'goAcked'),
      cost('events.foreign.cpu', 'processor time for one event, against go-plugin', 'foreign', 'goAcked', 'cpuUs'),
    ],
  },
  {
    name: 'unary',
    variants: { unary: UNARY, rawUnary: RAW_UNARY },
    metrics: [
      rate('events.unary.raw', 'unary, one after the other, against bare unary calls', 'unary', 'rawUnary'),
      cost('events.unary.cpu', 'processor time for one event, against grpc-js', 'unary', 'rawUnary', 'cpuUs'),
    ],
  },
  {
    name: 'half load',
    variants: { own: { ...ACKED_ROOMY, work: 'half-load' }, raw: { ...RAW_ACKED, work: 'half-load' } },
    metrics: [
      cost('events.half-load-p50', 'acked at half its rate, against grpc-js at half of its own', 'own', 'raw', 'p50Us'),
      cost('events.half-load-p99', 'the same, 99th percentile', 'own', 'raw', 'p99Us'),
    ],
  },
  {
    name: 'fan-out to 10',
    variants: { fanout: FANOUT_10, goAcked: GO_ACKED },
    metrics: [
      rate(
        'events.fanout10.go',
        'delivered to 10 subscribers, read lazily, against go-plugin to one',
        'fanout',
        'goAcked',
      ),
      cost('events.fanout10.memory', 'memory of both processes, against it', 'fanout', 'goAcked', 'memoryMiB'),
    ],
  },
  {
    name: '4 kB',
    variants: {
      acked: { ...ACKED, bytes: KILOBYTES_4 },
      stream: { ...STREAM, bytes: KILOBYTES_4 },
      goAcked: { ...GO_ACKED, bytes: KILOBYTES_4 },
      rawAcked: { ...RAW_ACKED, bytes: KILOBYTES_4 },
      rawStream: { ...RAW_STREAM, bytes: KILOBYTES_4 },
    },
    metrics: [
      rate('events.acked-4k.go', 'acked, 4 kB, against go-plugin with one ack a message', 'acked', 'goAcked'),
      rate('events.acked-4k.raw', 'acked, 4 kB, against grpc-js with one ack a message', 'acked', 'rawAcked'),
      rate('events.stream-4k.raw', 'stream, 4 kB, against a bare client stream', 'stream', 'rawStream'),
      cost('events.acked-4k.cpu', 'processor time for one event, against grpc-js', 'acked', 'rawAcked', 'cpuUs'),
    ],
  },
];

function troupe(...args: string[]): Variant {
  return { driver: 'troupe', args, work: 'deliver' };
}

function rate(metric: string, what: string, own: string, peer: string): StageMetric {
  return { metric, what, own, peer };
}

function cost(
  metric: string,
  what: string,
  own: string,
  peer: string,
  of: NonNullable<StageMetric['of']>,
): StageMetric {
  return { metric, what, own, peer, of };
}
