import { DEVICES } from '../runtime/device.ts';
import { FacewardError } from '../util/errors.ts';
import { command } from './command.ts';
import { checkDevice, type DeviceRow, tryDevice } from './device-check.ts';
import { oneOf } from './option-values.ts';
import { printJson, printLine, table } from './print.ts';

/** `faceward devices`: where networks really run on this machine. */
export const devicesCommand = command({
  name: 'devices',
  description: 'Lists the devices that networks can run on here, by running a small one on each.',
  examples: ['faceward devices', 'faceward devices --json', 'faceward devices --only webgpu'],
  args: {
    only: {
      type: 'string',
      description: 'try this device alone, and let its driver say what it has to say',
      valueHint: 'device',
    },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ args }) {
    const only = oneOf(args.only, '--only', DEVICES);
    if (only !== undefined) {
      const reason = await tryDevice(only).then(() => null, reasonOf);
      if (args.json) printJson([{ device: only, available: reason === null, reason }]);
      else printLine(reason ?? `${only} is available`);
      return reason === null ? 0 : 2;
    }
    const rows = await Promise.all(DEVICES.map((device) => checkDevice(device, process.argv[1] ?? '')));
    if (args.json) printJson(rows);
    else
      printLine(
        table(
          rows.map((row) => [row.device, describe(row)]),
          { align: 'left' },
        ),
      );
    return 0;
  },
});

function describe({ available, offered, reason }: DeviceRow): string {
  if (available) return 'available';
  return offered ? `offered, but fails here: ${reason}` : `not offered: ${reason}`;
}

/** The first line of what was said, without the runtime's own source lines before it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof FacewardError)) throw error;
  const [line = ''] = error.message.replace(/^ONNX Runtime refuses the model: /, '').split('\n');
  return line.replace(/^\/\S+:\d+ .* was false\. /, '').trim();
}
