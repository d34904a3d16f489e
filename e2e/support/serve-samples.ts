/** `pickup serve` with the sample data, as `pickup demo` has it, for a process of its own. */
import { serve } from '@pickup/gateway';
import { loadConfig } from '@pickup/gateway/config';

const loaded = loadConfig(process.env);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
const gateway = await serve({
  config: loaded.config,
  stdout: process.stdout,
  samples: { webhookUrl: process.env['E2E_SAMPLE_WEBHOOK'] ?? '' },
});
process.once('SIGTERM', async () => {
  await gateway.stop();
  process.exit(0);
});
