import type { EventForm } from '../../src/machines/index.ts';
import type { EventName } from './event-stream.alphabet.ts';

/** A state and what led there. */
export interface Situation {
  readonly state: string;
  /** How to get there, from the start. */
  readonly after: readonly EventName[];
  /** Default: all three. */
  readonly forms?: readonly EventForm[];
  /** Where each event leads. Every other event of the alphabet must leave the chart where it is. */
  readonly on: Partial<Record<EventName, string>>;
}

const probing = ['start'] as const;
const acked = [...probing, 'opened 1'] as const;
const fallen = [...probing, 'cut early 1'] as const;
const waiting = [...fallen, 'replayed'] as const;
const plain = [...probing, 'refused 1'] as const;
const single = [...plain, 'refused 2'] as const;
const END = { lost: 'closed', 'plane failed': 'failed' } as const;
const DRAIN = { ...END, stop: 'live.closing.draining' } as const;

/** Ways to the states from which other ways begin. */
export const PATHS = { probing, acked, fallen, waiting, plain, single };

/** Every state at rest, with what each event does there. */
export const TABLE: Readonly<Record<string, Situation>> = {
  'it was not started': {
    state: 'idle',
    after: [],
    on: { start: 'live.streaming.probing', stop: 'closed', lost: 'closed' },
  },
  'the best form is tried': {
    state: 'live.streaming.probing',
    after: probing,
    on: {
      ...DRAIN,
      'opened 1': 'live.streaming.acked',
      'refused 1': 'live.streaming.probing',
      'broke 1': 'live.fallingBack',
      'cut early 1': 'live.fallingBack',
      // It was never open, so that the plugin has no place to go on from; trying again does no harm.
      'cut late 1': 'live.streaming.probing',
      'probe timeout': 'live.fallingBack',
    },
  },
  'an acknowledged stream is open': {
    state: 'live.streaming.acked',
    after: acked,
    on: {
      ...DRAIN,
      'blocked 1': 'live.streaming.stalled',
      'refused 1': 'live.streaming.probing',
      'broke 1': 'live.fallingBack',
      'cut early 1': 'live.fallingBack',
      'cut late 1': 'live.streaming.resuming',
    },
  },
  'it goes on after a cut': {
    state: 'live.streaming.resuming',
    after: [...acked, 'cut late 1'],
    on: {
      ...DRAIN,
      'opened 2': 'live.streaming.acked',
      'refused 2': 'live.streaming.probing',
      'broke 2': 'live.fallingBack',
      'cut early 2': 'live.fallingBack',
      'cut late 2': 'live.streaming.resuming',
      'resume timeout': 'live.fallingBack',
    },
  },
  'nothing moves for the first time': {
    state: 'live.streaming.stalled',
    after: [...acked, 'blocked 1'],
    on: {
      ...DRAIN,
      'progressed 1': 'live.streaming.acked',
      'send timeout': 'live.streaming.stalled',
      'refused 1': 'live.streaming.probing',
      'broke 1': 'live.fallingBack',
      'cut early 1': 'live.fallingBack',
      'cut late 1': 'live.streaming.resuming',
    },
  },
  'nothing moves for the second time': {
    state: 'live.streaming.stalled',
    after: [...acked, 'blocked 1', 'send timeout'],
    on: {
      ...DRAIN,
      'progressed 1': 'live.streaming.acked',
      'send timeout': 'live.fallingBack',
      'refused 1': 'live.streaming.probing',
      'broke 1': 'live.fallingBack',
      'cut early 1': 'live.fallingBack',
      'cut late 1': 'live.streaming.resuming',
    },
  },
  'a plain stream is tried': {
    state: 'live.streaming.probing',
    after: plain,
    on: {
      ...DRAIN,
      'opened 2': 'live.streaming.stream',
      'refused 2': 'live.unary',
      'broke 2': 'live.fallingBack',
      'cut early 2': 'live.fallingBack',
      'cut late 2': 'live.fallingBack',
      'probe timeout': 'live.streaming.stream',
    },
  },
  'a plain stream is open': {
    state: 'live.streaming.stream',
    after: [...plain, 'probe timeout'],
    on: {
      ...DRAIN,
      'blocked 2': 'live.streaming.stalled',
      'refused 2': 'live.unary',
      'broke 2': 'live.fallingBack',
      'cut early 2': 'live.fallingBack',
      'cut late 2': 'live.fallingBack',
    },
  },
  'a plain stream stalls': {
    state: 'live.streaming.stalled',
    after: [...plain, 'opened 2', 'blocked 2', 'send timeout'],
    on: {
      ...DRAIN,
      'progressed 2': 'live.streaming.stream',
      'send timeout': 'live.fallingBack',
      'refused 2': 'live.unary',
      'broke 2': 'live.fallingBack',
      'cut early 2': 'live.fallingBack',
      'cut late 2': 'live.fallingBack',
    },
  },
  'the rest goes by single calls': {
    state: 'live.fallingBack',
    after: fallen,
    on: {
      ...DRAIN,
      replayed: 'live.backingOff',
      'unary refused': 'live.backingOff',
      'unary failed': 'live.backingOff',
    },
  },
  'it waits before the next stream': {
    state: 'live.backingOff',
    after: waiting,
    on: { ...DRAIN, stop: 'live.closing.replaying', backoff: 'live.switching' },
  },
  'it waits, and there are no single calls': {
    state: 'live.backingOff',
    after: [...fallen, 'unary refused'],
    on: { ...DRAIN, backoff: 'live.switching' },
  },
  'a stream without single calls is cut': {
    state: 'live.streaming.acked',
    after: [...fallen, 'unary refused', 'backoff', 'paused', 'opened 2'],
    on: {
      ...DRAIN,
      'blocked 2': 'live.streaming.stalled',
      'refused 2': 'live.streaming.probing',
      'broke 2': 'live.backingOff',
      'cut early 2': 'live.backingOff',
      'cut late 2': 'live.streaming.resuming',
    },
  },
  'a stream without single calls stalls': {
    state: 'live.streaming.stalled',
    after: [...fallen, 'unary refused', 'backoff', 'paused', 'opened 2', 'blocked 2', 'send timeout'],
    on: {
      ...DRAIN,
      'progressed 2': 'live.streaming.acked',
      'send timeout': 'live.backingOff',
      'refused 2': 'live.streaming.probing',
      'broke 2': 'live.backingOff',
      'cut early 2': 'live.backingOff',
      'cut late 2': 'live.streaming.resuming',
    },
  },
  'the last single call is under way': {
    state: 'live.switching',
    after: [...waiting, 'backoff'],
    on: { ...DRAIN, paused: 'live.streaming.probing', 'unary refused': 'live.streaming.probing' },
  },
  'there are single calls only': {
    state: 'live.unary',
    after: single,
    on: { ...DRAIN, 'unary refused': 'failed', 'unary failed': 'live.backingOff' },
  },
  'single calls wait': {
    state: 'live.backingOff',
    after: [...single, 'unary failed'],
    on: { ...DRAIN, stop: 'live.closing.replaying', 'unary refused': 'failed', backoff: 'live.switching' },
  },
  'single calls begin again': {
    state: 'live.switching',
    after: [...single, 'unary failed', 'backoff'],
    on: { ...DRAIN, paused: 'live.unary', 'unary refused': 'failed' },
  },
  'it drains': {
    state: 'live.closing.draining',
    after: [...acked, 'stop'],
    on: {
      ...END,
      paused: 'live.closing.replaying',
      drained: 'live.closing.ending',
      'drain timeout': 'live.closing.ending',
      'unary refused': 'live.closing.ending',
      'unary failed': 'live.closing.ending',
      'refused 1': 'live.closing.replaying',
      'broke 1': 'live.closing.replaying',
      'cut early 1': 'live.closing.replaying',
      'cut late 1': 'live.closing.replaying',
    },
  },
  'it drains without single calls': {
    state: 'live.closing.draining',
    after: [...fallen, 'unary refused', 'backoff', 'paused', 'opened 2', 'stop'],
    on: {
      ...END,
      drained: 'live.closing.ending',
      'drain timeout': 'live.closing.ending',
      'unary refused': 'live.closing.ending',
      'unary failed': 'live.closing.ending',
      'refused 2': 'live.closing.ending',
      'broke 2': 'live.closing.ending',
      'cut early 2': 'live.closing.ending',
      'cut late 2': 'live.closing.ending',
    },
  },
  'it drains by single calls': {
    state: 'live.closing.replaying',
    after: [...acked, 'stop', 'cut late 1'],
    on: {
      ...END,
      drained: 'live.closing.ending',
      'drain timeout': 'live.closing.ending',
      'unary refused': 'live.closing.ending',
      'unary failed': 'live.closing.ending',
    },
  },
  'its calls are closed': {
    state: 'live.closing.ending',
    after: [...acked, 'stop', 'drained'],
    on: {
      ...END,
      ended: 'closed',
      'close timeout': 'closed',
      'drain timeout': 'live.closing.ending',
      'refused 1': 'closed',
      'broke 1': 'closed',
      'cut early 1': 'closed',
      'cut late 1': 'closed',
    },
  },
  'it is closed': { state: 'closed', after: [...acked, 'lost'], on: {} },
  'it has failed': { state: 'failed', after: [...single, 'unary refused'], on: {} },
};
