// One JSON object a line: commands come in on stdin, answers and events go out on stdout.
import { createInterface } from 'node:readline';

/** Writes one event. */
export function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function shown(error) {
  return { name: error?.name ?? 'Error', message: String(error?.message ?? error), code: error?.code, data: error?.data };
}

/**
 * Serves commands `{id, op, ...}` with `ops[op]`; answers `{id, ok}` or `{id, error}`.
 * The end of stdin ends the process, so that no peer outlives its test.
 */
export function serve(ops) {
  const input = createInterface({ input: process.stdin });
  input.on('line', async (line) => {
    const { id, op, ...args } = JSON.parse(line);
    try {
      const ok = await ops[op](args);
      tell({ id, ok: ok ?? null });
    } catch (error) {
      tell({ id, error: shown(error) });
    }
  });
  input.on('close', () => process.exit(0));
}
