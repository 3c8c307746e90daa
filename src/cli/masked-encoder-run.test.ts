import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flatImage } from '../../test/fixtures/image-files.ts';
import { parseMasking } from '../defence/training/masking/kinds.ts';
import { STRATEGY_DEFAULTS } from '../defence/training/masking/strategy.ts';
import { InputError } from '../util/errors.ts';
import { maskedEncoderRun } from './masked-encoder-run.ts';
import { openTrainingRun } from './training-run.ts';

test('a training that is refused leaves no log behind, which would refuse the next attempt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faceward-masked-run-'));
  const out = join(folder, 'masked.onnx');
  const logs = { mixLog: join(folder, 'mixes.jsonl'), figuresLog: join(folder, 'figures.jsonl') };
  // Two photos each: nobody has one to hold out.
  const people = ['ann', 'ben'].map((person) => ({
    person,
    faces: [flatImage(32, 32, [9, 9, 9]), flatImage(32, 32, [8, 8, 8])],
    ids: ['1', '2'],
  }));
  const training = maskedEncoderRun(
    people,
    {
      masking: parseMasking('adaptive'),
      form: { sizePx: 32, width: 0.0625, embeddingSize: 4, norm: 'batch' },
      frequencies: 9,
      steps: 1,
      batchSize: 8,
      learningRate: 1e-3,
      scale: 8,
      margin: 0.1,
      augmentations: [],
      strategy: { ...STRATEGY_DEFAULTS, constraint: { accuracy: 0.9, rate: 0.05 } },
      seed: 1,
    },
    {
      out,
      run: await openTrainingRun(out, 'problem', { resume: false, int8: false }),
      data: { name: 'faces', side: 'train', people: 2, faces: 4, peopleLeftOut: 0 },
      logs,
      summary: () => undefined,
      noiseSeed: undefined,
    },
  );
  await expect(training).rejects.toThrow(InputError);
  expect(Object.values(logs).filter((path) => existsSync(path))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});
