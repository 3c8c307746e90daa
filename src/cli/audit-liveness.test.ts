import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { auditLivenessCommand } from './audit-liveness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-audit-liveness-'));
  vi.stubEnv('FACEWARD_CACHE', join(folder, 'cache'));
  await mkdir(join(folder, 'empty'));
  const never = { logLikelihoodRatio: 0, apcer: 1, bpcer: 1, dataset: 'none' };
  await writeFile(
    join(folder, 'other.json'),
    JSON.stringify({
      ...{ schema: 'faceward.liveness-calibration/1', checks: {}, network: 'other-01234567' },
      ...{ fusion: { offset: 0, weights: {}, dataset: 'none' } },
      policy: { pass: never, refuse: never, required: [], leastQuality: 0 },
    }),
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** An audit of people of whom there is no photo, which is found out when they are read. */
const audit = (...more: string[]) =>
  auditLivenessCommand.run([
    ...['--people', join(folder, 'empty'), '--out', join(folder, 'out'), '--ownership', 'ours', '--threads', '1'],
    ...more.map((word) => word.replace('FOLDER', folder)),
  ]);

describe('what is wrong is told before people are read', () => {
  test.each([
    [['--network', 'resnet'], 'names no presentation-attack network'],
    [['--target', 'none'], 'names no presentation-attack network'],
    [['--encoder', 'none'], 'names no encoder'],
    [['--fmr', '0.5'], 'there is no threshold at FMR 0.5'],
    [['--target', 'https://localhost:1/', '--headers', 'FOLDER/none'], 'the file cannot be read'],
    [['--drivers', 'FOLDER/empty'], 'there is no clip'],
    [['--liveness-calibration', 'FOLDER/other.json'], 'made with the presentation-attack network other-01234567'],
    [['--reenactor', 'FOLDER/none.onnx'], 'cannot be read'],
    [['--swap', 'FOLDER/none.onnx'], '--swap and --swap-person are given together'],
  ])('%s', async (words, message) => {
    await expect(audit(...words)).rejects.toThrow(message);
  });

  test('and people of whom there is no photo when they are', async () => {
    await expect(audit()).rejects.toThrow('there is no photo');
  });
});
