import { execFile } from 'node:child_process';
import { GraphBuilder } from '../graph/builder.ts';
import { add } from '../graph/ops/arithmetic.ts';
import { float32 } from '../graph/tensor.ts';
import { type Device, offeredDevices } from '../runtime/device.ts';
import { createSession } from '../runtime/session.ts';

/** Longest wait for a device: drivers may compile for a while. */
const TIMEOUT_MS = 60_000;

/** What can be said of a device here. */
export interface DeviceRow {
  readonly device: Device;
  /** Whether this build of ONNX Runtime has it. */
  readonly offered: boolean;
  /** Whether a network really ran on it. */
  readonly available: boolean;
  /** Why it is not available; null where it is. */
  readonly reason: string | null;
}

/** Runs a network of one addition on a device. @throws as `createSession` does, where the device is not there. */
export async function tryDevice(device: Device): Promise<void> {
  const builder = new GraphBuilder('device check');
  builder.output('sum', add(builder.input('x', [1]), 1));
  const session = await createSession(builder.build(), { device });
  await session.run({ x: float32([1], [1]) });
  await session.release();
}

/**
 * Finds out whether a device is really there, in a process of its own: what drivers print goes nowhere, and one that crashes takes nothing with it.
 *
 * @param program - path of the command line's main file.
 */
export async function checkDevice(device: Device, program: string): Promise<DeviceRow> {
  if (!offeredDevices().includes(device)) {
    return { device, offered: false, available: false, reason: 'not in this build of ONNX Runtime' };
  }
  const reason = await failureOf([program, 'devices', '--only', device]);
  return { device, offered: true, available: reason === null, reason };
}

function failureOf(words: readonly string[]): Promise<string | null> {
  return new Promise((done) => {
    execFile(process.execPath, words, { timeout: TIMEOUT_MS }, (error, stdout) => {
      if (!error) done(null);
      else if (error.signal)
        done(error.killed ? `no answer within ${TIMEOUT_MS / 1000} s` : `crashed (${error.signal})`);
      else done(stdout.trim() || 'it cannot be used');
    });
  });
}
