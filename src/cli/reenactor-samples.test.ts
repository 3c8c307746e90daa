import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { trainReenactor } from '../attack/presentation/reenactment/reenactor-training.ts';
import { decodeImage } from '../image/decode.ts';
import { markSynthetic, readProvenance } from '../image/mark.ts';
import { Random } from '../util/random.ts';
import { reenactorSheets } from './reenactor-samples.ts';

test('a sheet of a training is marked, whatever is on it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faceward-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const shape = { sizePx: 16, motionPx: 8, keyPoints: 2, motionWidths: [2, 4], painterWidths: [2, 4], residuals: 0 };
  const faces = { photos: [], clips: [[1, 2].map((seed) => wavyImage(16, 16, new Random(seed)))], tracks: [] };
  await trainReenactor(faces, {
    ...{ shape, batchSize: 2, learningRate: 1e-3, steps: 1, seed: 1, threads: 1 },
    onCheckpoint: reenactorSheets(join(folder, 'sheets'), faces, shape),
  });
  const [name = ''] = await readdir(join(folder, 'sheets'));
  expect(name).toBe('step-000001.png');
  const path = join(folder, 'sheets', name);
  expect(readProvenance(await readFile(path))).toMatchObject({ kind: 'animated' });
  const { image } = await decodeImage(path);
  expect([image.widthPx, image.heightPx]).toEqual([5 * 16, 9 * 16]);
  expect(markSynthetic(image, { kind: 'animated', method: '' })).toEqual(image);
});
