export type { PersistOptions, RestoredInfo, StateCodec } from './persist-options.ts';
export type { DurableRecord, StoredTimer, TimerResume } from './record.ts';
