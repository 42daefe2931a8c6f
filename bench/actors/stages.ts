// Which works are compared with each other, and what is told of them.

import type { Stage, StageMetric, Variant } from './stage.ts';

/** What a chart's actor may take above XState's own. */
const CHART_EXTRA_BYTES = 1_000;
/** What a plain actor may take. */
const PLAIN_BYTES = 600;

const troupe = (work: string): Variant => ({ side: 'troupe', work });
const nact = (work: string): Variant => ({ side: 'nact', work });
const effect = (work: string): Variant => ({ side: 'effect', work });
const xstate = (work: string): Variant => ({ side: 'xstate', work });

const MESSAGES = 'messages/s';
const NACT = 'nact';

/** All stages, the headline ones first. */
export const STAGES: readonly Stage[] = [
  {
    name: 'tell, plain logic',
    variants: {
      troupe: troupe('tell-plain'),
      nact: nact('tell-plain'),
      moleculer: { side: 'moleculer', work: 'tell-plain' },
    },
    metrics: [
      {
        metric: 'actors.tell.plain.nact',
        what: 'tell plain logic, until it is processed, against dispatch of nact',
        unit: MESSAGES,
        own: 'troupe',
        peer: 'nact',
        peerName: NACT,
      },
      {
        metric: 'actors.tell.plain.moleculer',
        what: 'tell plain logic, until it is processed, against an event that moleculer emits to one service',
        unit: MESSAGES,
        own: 'troupe',
        peer: 'moleculer',
        peerName: 'moleculer emit',
      },
      {
        metric: 'actors.stall.tell',
        what: "99th percentile of the event loop's delay while plain logic is told",
        unit: 'ms',
        own: 'troupe',
        peer: 'nact',
        peerName: NACT,
        of: 'stallMs',
      },
    ],
  },
  {
    name: 'tell, statechart',
    variants: { troupe: troupe('tell-chart'), xstate: xstate('tell-chart') },
    metrics: [
      {
        metric: 'actors.tell.chart',
        what: 'tell a machine with guard and assign against actor.send of the same machine on bare XState',
        unit: MESSAGES,
        own: 'troupe',
        peer: 'xstate',
        peerName: 'XState actor.send',
      },
    ],
  },
  {
    name: 'ask',
    variants: { troupe: troupe('ask'), nact: nact('ask') },
    metrics: [
      {
        metric: 'actors.ask.nact',
        what: 'ask plain logic, one question after the other, against query of nact',
        unit: 'asks/s',
        own: 'troupe',
        peer: 'nact',
        peerName: NACT,
      },
    ],
  },
  {
    name: 'inspection with nobody listening',
    together: true,
    // Which of the two systems lies better in memory is chance, and stays so for the life of a process.
    processes: 4,
    finer: 3,
    variants: { unwatched: troupe('tell-unwatched'), uninspectable: troupe('tell-uninspectable') },
    metrics: [
      {
        metric: 'actors.inspection',
        what: 'tell plain logic in a system whose inspector has left against one with inspect: false',
        unit: MESSAGES,
        own: 'unwatched',
        peer: 'uninspectable',
        peerName: 'inspect: false',
      },
    ],
  },
  {
    name: 'memory of plain actors',
    exposeGc: true,
    rounds: 10,
    variants: { idle: troupe('plain-bytes'), used: troupe('plain-bytes-used') },
    metrics: [
      bytesOfPlain('idle', 'heap of each of 100,000 plain actors'),
      bytesOfPlain('used', 'the same when each has processed a message'),
    ],
  },
  {
    name: 'memory of statecharts',
    exposeGc: true,
    rounds: 10,
    variants: { troupe: troupe('chart-bytes'), xstate: xstate('chart-bytes') },
    // Bytes per actor hardly depend on how many there are, and a hundred thousand charts take seconds.
    quickWorks: { troupe: 'chart-bytes-20k', xstate: 'chart-bytes-20k' },
    metrics: [
      {
        metric: 'actors.memory.chart',
        what: `heap of each of 100,000 statechart actors against a bare XState root and ${CHART_EXTRA_BYTES} B`,
        unit: 'B',
        own: 'troupe',
        peer: 'xstate',
        peerName: `XState root; the ratio is to ${CHART_EXTRA_BYTES} B more`,
        ratio: ({ own, peer }) => own / (peer + CHART_EXTRA_BYTES),
      },
    ],
  },
  {
    name: 'stop one of many',
    together: true,
    rounds: 20,
    variants: { many: troupe('stop-of-many'), few: troupe('stop-of-few') },
    metrics: [
      {
        metric: 'actors.stop-one',
        what: 'stop a chart with an armed timer that has just got a message, one of 100,000 against one of 100',
        unit: 'us',
        own: 'many',
        peer: 'few',
        peerName: 'one of 100',
      },
    ],
  },
  {
    name: 'stop one of many that sleep',
    together: true,
    rounds: 20,
    variants: { many: troupe('stop-of-many-asleep'), few: troupe('stop-of-few-asleep') },
    metrics: [
      {
        metric: 'actors.stop-one.asleep',
        what: 'the same when it has got no message: mostly the time to fetch it from memory',
        unit: 'us',
        own: 'many',
        peer: 'few',
        peerName: 'one of 100',
      },
    ],
  },
  {
    name: 'forward chain',
    rounds: 10,
    variants: { frames: troupe('chain-frames'), hops: troupe('chain-hops'), xstate: xstate('chain-hops') },
    metrics: [
      {
        metric: 'actors.chain.stack',
        what: 'frames on the stack at the end of a chain of 10,000 hops to those at its first',
        unit: 'times',
        own: 'frames',
        peer: 'no growth',
        peerName: 'no growth',
        ratio: ({ own }) => own,
      },
      {
        metric: 'actors.chain.hops',
        what: 'hops of 10,000 that a message makes before the stack overflows',
        unit: 'hops',
        own: 'hops',
        peer: 'xstate',
        peerName: 'XState actor.send',
      },
    ],
  },
  {
    name: 'fan-out',
    variants: { troupe: troupe('fan-out'), nact: nact('fan-out') },
    metrics: [
      {
        metric: 'actors.fan-out',
        what: 'one actor tells a thousand others, until all have processed it',
        unit: MESSAGES,
        own: 'troupe',
        peer: 'nact',
        peerName: NACT,
      },
    ],
  },
  {
    name: 'spawn and stop',
    variants: { troupe: troupe('spawn-stop'), nact: nact('spawn-stop') },
    metrics: [
      {
        metric: 'actors.spawn-stop',
        what: 'plain actors started and stopped, 500 at a time; those of nact do not wait for the end',
        unit: 'actors/s',
        own: 'troupe',
        peer: 'nact',
        peerName: NACT,
      },
    ],
  },
  {
    name: 'backlog of statecharts',
    variants: { troupe: troupe('backlog'), xstate: xstate('backlog') },
    metrics: [
      {
        metric: 'actors.backlog',
        what: '20,480 messages for 40 charts at once',
        unit: MESSAGES,
        own: 'troupe',
        peer: 'xstate',
        peerName: 'XState actor.send',
      },
      {
        metric: 'actors.stall.backlog',
        what: "99th percentile of the event loop's delay meanwhile",
        unit: 'ms',
        own: 'troupe',
        peer: 'xstate',
        peerName: 'XState actor.send',
        of: 'stallMs',
      },
    ],
  },
  {
    name: 'beside effect',
    variants: {
      tell: troupe('tell-plain'),
      effectTell: effect('tell-plain'),
      ask: troupe('ask'),
      effectAsk: effect('ask'),
    },
    metrics: [
      {
        metric: 'actors.tell.plain.effect',
        what: 'tell plain logic against a queue of effect that a fiber empties, which is no actor',
        unit: MESSAGES,
        own: 'tell',
        peer: 'effectTell',
        peerName: 'effect Queue',
      },
      {
        metric: 'actors.ask.effect',
        what: 'ask plain logic against a queue of effect with a Deferred in each message',
        unit: 'asks/s',
        own: 'ask',
        peer: 'effectAsk',
        peerName: 'effect Queue and Deferred',
      },
    ],
  },
];

function bytesOfPlain(own: 'idle' | 'used', what: string): StageMetric {
  return {
    metric: `actors.memory.plain${own === 'idle' ? '' : '-used'}`,
    what: `${what} against ${PLAIN_BYTES} B`,
    unit: 'B',
    own,
    peer: 'allowance',
    peerName: `the allowance of ${PLAIN_BYTES} B`,
    ratio: (round) => round.own / PLAIN_BYTES,
  };
}
