import { expect, test } from 'vitest';
import type { LivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { requireItsNetwork, shippedLivenessCalibration } from './liveness-calibration-file.ts';
import { openNamedNetwork } from './liveness-networks.ts';

const NEVER = { logLikelihoodRatio: 0, apcer: 1, bpcer: 1, dataset: 'none' };
const calibrationOf = (network: string | undefined): LivenessCalibration => ({
  ...{ checks: {}, fusion: { offset: 0, weights: {}, dataset: 'none' }, network },
  policy: { pass: NEVER, refuse: NEVER, required: [], leastQuality: 0 },
});

test('scores of one network are not read by the calibration of another', () => {
  expect(() => requireItsNetwork(calibrationOf('one-01234567'), 'one-76543210')).toThrow('made with');
  expect(() => requireItsNetwork(calibrationOf(undefined), 'one-01234567')).toThrow('made without');
  expect(() => requireItsNetwork(calibrationOf('one-01234567'), 'one-01234567')).not.toThrow();
});

test('without a network its check does not apply, and the others count', () => {
  expect(() => requireItsNetwork(calibrationOf('one-01234567'), undefined)).not.toThrow();
});

test('the calibration that comes along is of the network that comes along, and lets nobody pass unasked', async () => {
  const { network, policy } = await shippedLivenessCalibration();
  const own = await openNamedNetwork('faceward', { threads: 1 });
  await own.close();
  expect(network).toBe(own.name);
  expect(policy.required).toEqual(['challenge-followed', 'colour-flash']);
  expect(policy.pass.logLikelihoodRatio).toBeGreaterThan(policy.refuse.logLikelihoodRatio);
});
