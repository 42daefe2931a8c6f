// What happens in the demo, step by step.

import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { Player, Troop } from './troop.ts';
import { holdsWithin, sleep } from './wait.ts';

/** What the scenario plays with. */
export interface ScenarioOptions {
  readonly troop: Troop;
  readonly clock: Clock;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
  /** Waits for somebody else to kill the third plugin. */
  readonly outsideKill: boolean;
  /** Tells the audience. */
  readonly say: (about: string, text: string) => void;
}

/** Between two scenes, so that people can follow. */
const PAUSE_MS = 1500;
const CRASH_LIMIT_MS = 20_000;
const RECOVERY_LIMIT_MS = 20_000;
const OUTSIDE_KILL_LIMIT_MS = 15_000;
const COUNT = 5;

/** Plays all scenes. Rejects with what went wrong, or with CANCELLED when it is ended early. */
export async function playScenario(options: ScenarioOptions): Promise<void> {
  const { troop, say } = options;
  say('demo', 'a host starts 3 plugins, each as a process of its own');
  await troop.launch();
  troop.startCalls();
  say('demo', 'all three are called, about 20 times a second each');
  await countOnce(options);
  await crash(options);
  await sleep(PAUSE_MS, options);
  await kill(options);
  await sleep(PAUSE_MS, options);
}

async function countOnce({ troop, say }: ScenarioOptions): Promise<void> {
  const { client } = troop.player('steady');
  const numbers: number[] = [];
  for await (const { number } of client.count({ count: COUNT })) numbers.push(number);
  say('steady', `streams the numbers ${numbers.join(' ')}`);
}

/** The fragile plugin ends itself after some jobs; nobody has to do anything. */
async function crash(options: ScenarioOptions): Promise<void> {
  const fragile = options.troop.player('fragile');
  const crashed = await holds(CRASH_LIMIT_MS, () => hasFallen(fragile), options);
  if (!crashed) throw late(fragile, 'crash', CRASH_LIMIT_MS);
  await recovery(fragile, options);
}

async function kill(options: ScenarioOptions): Promise<void> {
  const target = options.troop.player('target');
  if (options.outsideKill) await killedByOthers(target, options);
  else await killedByUs(target, options);
  await recovery(target, options);
}

async function killedByUs(target: Player, options: ScenarioOptions): Promise<void> {
  // In the middle of a job, when it hurts most.
  await holds(PAUSE_MS, () => target.plugin.status().inFlight > 0, options);
  const { pid } = target.plugin.status();
  // Somebody else was faster.
  if (pid === undefined || hasFallen(target)) return;
  options.say('demo', `kills process ${pid} of "target" from outside: kill -9 ${pid}`);
  process.kill(pid, 'SIGKILL');
  await holds(RECOVERY_LIMIT_MS, () => hasFallen(target), options);
}

async function killedByOthers(target: Player, options: ScenarioOptions): Promise<void> {
  const limitS = OUTSIDE_KILL_LIMIT_MS / 1000;
  if (!hasFallen(target)) {
    options.say('demo', `waits up to ${limitS} s for somebody to kill "target": kill -9 ${target.plugin.status().pid}`);
  }
  const killed = await holds(OUTSIDE_KILL_LIMIT_MS, () => hasFallen(target), options);
  if (!killed) {
    throw new RuntimeError('DEADLINE_EXCEEDED', `nobody killed "target" within ${OUTSIDE_KILL_LIMIT_MS} ms`);
  }
}

/** Waits until the process that runs after a restart has done a job. */
async function recovery(player: Player, options: ScenarioOptions): Promise<void> {
  const recovered = await holds(RECOVERY_LIMIT_MS, () => hasRecovered(player), options, player);
  if (!recovered) throw late(player, 'recover', RECOVERY_LIMIT_MS);
}

/** Also ends when the plugin can no longer recover. */
function holds(ms: number, fact: () => boolean, options: ScenarioOptions, player?: Player): Promise<boolean> {
  return holdsWithin(ms, () => fact() || isLost(player), options).then((held) => held && !isLost(player));
}

function isLost(player: Player | undefined): boolean {
  const state = player?.plugin.status().state;
  return state === 'quarantined' || state === 'dead';
}

function hasFallen({ plugin }: Player): boolean {
  const { state, restarts } = plugin.status();
  return restarts > 0 || state !== 'ready';
}

function hasRecovered({ plugin, caller }: Player): boolean {
  const { pid, restarts } = plugin.status();
  return restarts > 0 && pid !== undefined && caller?.pids.has(pid) === true;
}

function late(player: Player, verb: string, limitMs: number): RuntimeError {
  const { state, failure } = player.plugin.status();
  const limit = isLost(player) ? '' : ` within ${limitMs} ms`;
  const reason = failure === undefined ? '' : `: ${failure.message}`;
  const text = `plugin "${player.role.name}" did not ${verb}${limit}; it is ${state}${reason}`;
  return new RuntimeError('DEADLINE_EXCEEDED', text);
}
