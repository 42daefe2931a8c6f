import { fileURLToPath } from 'node:url';
import { createHost, PluginCrashedError } from 'troupe';
import { CalculatorService } from './contract.ts';

const host = createHost({ process: { backoff: { initialMs: 200 } } });
host.onFact((fact) => console.log(`  fact: ${fact.type}`));

try {
  const plugin = await host.launch({
    name: 'calculator',
    command: process.execPath,
    args: [...process.execArgv, fileURLToPath(new URL('./plugin.ts', import.meta.url))],
    services: { calculator: CalculatorService },
  });
  const calculator = plugin.dispense('calculator');
  console.log('12 / 4 =', (await calculator.divide({ dividend: 12, divisor: 4 })).quotient);

  try {
    await calculator.divide({ dividend: 12, divisor: 0 });
  } catch (error) {
    if (!(error instanceof PluginCrashedError)) throw error;
    const { code, plugin: name, phase, exitCode, stderrTail, retryable } = error;
    console.log(`12 / 0 failed: ${code}`);
    console.log(`  plugin ${name}, phase ${phase}, exit code ${exitCode}, retryable ${retryable}`);
    console.log(`  last words: ${stderrTail.join(' | ')}`);
  }

  // The host has noticed and starts the plugin again. The client stays the same.
  await plugin.ready({ timeoutMs: 10_000 });
  console.log('12 / 3 =', (await calculator.divide({ dividend: 12, divisor: 3 })).quotient);
  console.log(`restarts: ${plugin.status().restarts}`);
} finally {
  await host.stop();
}
