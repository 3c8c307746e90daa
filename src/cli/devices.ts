import { DEVICES, offeredDevices } from '../runtime/device.ts';
import { command } from './command.ts';
import { printJson, printLine, table } from './print.ts';

/** `faceward devices`: what ONNX Runtime offers here. */
export const devicesCommand = command({
  name: 'devices',
  description: 'Lists the devices that networks can run on here.',
  examples: ['faceward devices', 'faceward devices --json'],
  args: {
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ args }) {
    const offered = offeredDevices();
    const rows = DEVICES.map((device) => ({ device, offered: offered.includes(device) }));
    if (args.json) return printJson(rows);
    printLine(table(rows.map((row) => [row.device, row.offered ? 'offered' : 'not offered here'])));
  },
});
