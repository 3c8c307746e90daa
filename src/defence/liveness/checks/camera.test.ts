import { describe, expect, test } from 'vitest';
import { syntheticCapture } from '../../../../test/fixtures/synthetic-capture.ts';
import { Random } from '../../../util/random.ts';
import { decide } from '../decision.ts';
import { formatLivenessCalibration, parseLivenessCalibration } from '../liveness-calibration.ts';
import { readCaptureMessage, type StatedCamera } from '../session/capture-message.ts';
import { livenessChecks, measureChecks } from './all-checks.ts';
import { cameraCheck, LEAST_CAMERA_SCORE } from './camera.ts';

const capture = syntheticCapture([], {
  ...{ session: '0'.repeat(32), nonce: 'x', random: new Random('camera'), framesPerSecond: 30 },
});
const HONEST: StatedCamera = {
  ...{ label: 'FaceTime HD Camera (05ac:8514)', facing: 'user', widthPx: 1280, heightPx: 720, framesPerSecond: 30 },
  changes: [],
};
const change = (timeMs: number, widthPx: number, heightPx: number, framesPerSecond = 30) => ({
  ...{ timeMs, widthPx, heightPx, framesPerSecond },
});

function measured(camera: Partial<StatedCamera>, time: (ms: number, f: number) => number = (ms) => ms) {
  const frames = capture.frames.map((frame, f) => ({ ...frame, timeMs: time(frame.timeMs, f) }));
  return cameraCheck.measure({ capture: { ...capture, frames, camera: { ...HONEST, ...camera } }, challenge: [] });
}

describe('a camera', () => {
  test.each([
    ['that is one', {}],
    ['of a telephone that is turned', { changes: [change(3000, 720, 1280), change(9000, 1280, 720)] }],
    ['that gives fewer frames in the dark', { framesPerSecond: 60 }],
    ['that does not say how many frames it gives', { framesPerSecond: undefined }],
  ])('%s has nothing against it', (_, camera) => {
    expect(measured(camera).score).toBe(1);
  });

  test.each([
    ['of a virtual camera’s name', { label: 'OBS Virtual Camera' }, 0],
    ['of one in other letters', { label: 'MANYCAM (1)' }, 0],
    ['that gives more frames than it says', { framesPerSecond: 15 }, 0],
    ['that was another one in the middle', { changes: [change(3000, 640, 480)] }, 1 / 2],
    ['that was so twice', { changes: [change(3000, 640, 480), change(4000, 640, 480, 60)] }, 1 / 3],
  ])('%s is doubted', (_, camera, score) => {
    expect(measured(camera).score).toBeCloseTo(score, 12);
  });

  test('whose times are computed is doubted, rounded or not, with frames missing or not', () => {
    const even = (_: number, f: number): number => (1000 * f) / 30;
    expect(measured({}, even).score).toBe(0);
    expect(measured({}, (ms, f) => Math.round(10 * even(ms, f)) / 10).score).toBe(0);
    expect(measured({}, (ms, f) => even(ms, f + Math.floor(f / 9))).score).toBe(0);
    const random = new Random('tremor');
    expect(measured({}, (ms, f) => even(ms, f) + 0.3 * random.normal()).score).toBe(1);
    // A browser that tells whole milliseconds only.
    expect(measured({}, (ms, f) => Math.round(even(ms, f) + random.normal())).score).toBe(1);
  });

  test('that nothing was said of does not apply', () => {
    expect(cameraCheck.measure({ capture, challenge: [] }).applicable).toBe(false);
  });
});

describe('a check without calibration', () => {
  const THRESHOLD = { apcer: 0, bpcer: 0, dataset: 'made up' };
  const policy = {
    ...{ pass: { ...THRESHOLD, logLikelihoodRatio: 1 }, refuse: { ...THRESHOLD, logLikelihoodRatio: -1 } },
    ...{ required: [], leastQuality: 0, leastScores: { camera: LEAST_CAMERA_SCORE } },
  };
  const decided = (camera: Partial<StatedCamera>, logLikelihoodRatio: number) =>
    decide({ logLikelihoodRatio, parts: [] }, [measured(camera)], policy, false);

  test('is no evidence, whatever its score', () => {
    expect([measured({}), measured({ label: 'OBS Virtual Camera' })].map((one) => one.logLikelihoodRatio)).toEqual([
      0, 0,
    ]);
  });

  test('asks for another proof of who would pass, and changes nothing else', () => {
    const virtual = { label: 'OBS Virtual Camera' };
    expect([2, 0, -2].map((evidence) => decided({}, evidence))).toEqual(['pass', 'step-up', 'refuse']);
    expect([2, 0, -2].map((evidence) => decided(virtual, evidence))).toEqual(['step-up', 'step-up', 'refuse']);
    expect(decide({ logLikelihoodRatio: 2, parts: [] }, [], policy, false)).toBe('pass');
    expect(decided({ changes: [change(3000, 640, 480)] }, 2)).toBe('pass');
  });

  test('is kept in a calibration’s file', () => {
    const calibration = { checks: {}, fusion: { offset: 0, weights: {}, dataset: 'made up' }, policy };
    expect(parseLivenessCalibration(formatLivenessCalibration(calibration), 'a file')).toEqual(calibration);
  });

  test('is always made, and never what calibrations are fitted on', () => {
    expect(livenessChecks({}).map(({ name }) => name)).toEqual(['camera']);
    expect(Object.keys(measureChecks({ capture: { ...capture, camera: HONEST }, challenge: [] }))).not.toContain(
      'camera',
    );
  });
});

describe('what a message says of its camera', () => {
  const read = (camera: unknown) =>
    readCaptureMessage(JSON.stringify({ ...capture, frames: capture.frames.slice(0, 2), camera }));

  test('is read', () => {
    const { facing: _, framesPerSecond: _rate, ...least } = { ...HONEST, changes: [change(5, 640, 480)] };
    expect(read(HONEST)?.camera).toEqual(HONEST);
    expect(read(least)?.camera).toEqual(least);
    expect(read(undefined)?.camera).toBeUndefined();
  });

  test.each([
    ['nothing', null],
    ['a word', 'FaceTime'],
    ['more than is agreed', { ...HONEST, deviceId: 'x' }],
    ['a label without end', { ...HONEST, label: 'x'.repeat(1001) }],
    ['no size', { ...HONEST, widthPx: 0 }],
    ['half a pixel', { ...HONEST, heightPx: 0.5 }],
    ['no rate', { ...HONEST, framesPerSecond: 0 }],
    ['another side', { ...HONEST, facing: 'within' }],
    ['a change without a time', { ...HONEST, changes: [{ widthPx: 1, heightPx: 1 }] }],
    ['changes without end', { ...HONEST, changes: Array.from({ length: 1001 }, () => change(1, 1, 1)) }],
  ])('is malformed where it is %s', (_, camera) => {
    expect(read(camera)).toBeUndefined();
  });
});
