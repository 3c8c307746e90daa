import './telemetry.ts';

import { listSupportedBackends } from 'onnxruntime-node';
import { CapabilityError } from '../util/errors.ts';

/** Where graphs run. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml';

export const DEVICES: readonly Device[] = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'];

/** The devices that this build of ONNX Runtime offers on this machine. */
export function offeredDevices(): Device[] {
  const offered = new Set(listSupportedBackends().map((backend) => backend.name));
  return DEVICES.filter((device) => offered.has(device));
}

/**
 * ONNX Runtime's providers for a device. There is no fallback: what the device cannot run fails, it never runs silently slower.
 *
 * @throws CapabilityError where the device is not offered.
 */
export function executionProviders(device: Device): readonly string[] {
  const offered = offeredDevices();
  if (!offered.includes(device)) {
    throw new CapabilityError(`device "${device}" is not offered by ONNX Runtime here`, {
      hint: `offered: ${offered.join(', ')}`,
    });
  }
  return [device];
}
