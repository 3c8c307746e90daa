import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openOriginal, SAMPLE_FOLDER } from '../../../../test/fixtures/originals.ts';
import { SHARED_DATA } from '../../../../test/fixtures/shared-data.ts';
import { createFacePipeline } from '../../../face/pipeline.ts';
import { decodeImage } from '../../../image/decode.ts';
import { openFaceSessions } from '../../../runtime/bundled-sessions.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { cropTensor, enlargedCrop } from './crops.ts';
import { exampleDraw } from './example-draw.ts';
import { openHumanNetwork } from './human-networks.ts';
import { cropFactorOf, openCropNetwork, SILENT_FACE } from './minifasnet-file.ts';
import { observePresentation } from './observation.ts';
import { measurePolarity, type ScoredFrame } from './polarity.ts';
import { fusedNetwork } from './presentation-network.ts';
import { edgePositions, samplePixels } from './sampling.ts';

let options: { readonly cacheDir: string; readonly threads: number };
beforeAll(async () => {
  options = { cacheDir: await mkdtemp(join(tmpdir(), 'faceward-models-')), threads: 1 };
});
afterAll(() => rm(options.cacheDir, { recursive: true, force: true }));

describe('crops', () => {
  test('are sampled as OpenCV does, without a mean over what lies between', () => {
    // Columns of 0, 100, 0, 100: half the size takes the middle of each pair, a third every third.
    const data = Uint8Array.from({ length: 3 * 12 * 2 }, (_, i) => (Math.floor(i / 3) % 2 ? 100 : 0));
    const stripes = { widthPx: 12, heightPx: 2, data };
    const red = (count: number) => {
      const sampled = samplePixels(stripes, edgePositions(0, 12, count), edgePositions(0, 2, 1), 'replicate');
      return Array.from({ length: count }, (_, i) => sampled.data[3 * i]);
    };
    expect(red(6)).toEqual([50, 50, 50, 50, 50, 50]);
    expect(red(4)).toEqual([100, 0, 100, 0]);
  });

  test('keep inside the picture: smaller where it is too small, moved where the face is at the edge', () => {
    const image = {
      widthPx: 100,
      heightPx: 80,
      // Red is the column, green the row.
      data: Uint8Array.from({ length: 3 * 100 * 80 }, (_, i) =>
        i % 3 === 0 ? (i / 3) % 100 : i % 3 === 1 ? Math.floor(i / 300) : 7,
      ),
    };
    const corners = (box: { x: number; y: number; width: number; height: number }, factor: number) => {
      const { data } = enlargedCrop(image, box, factor, 200);
      return [data[0], data[1], data[data.length - 3], data[data.length - 2]];
    };
    expect(corners({ x: 40, y: 30, width: 20, height: 20 }, 2)).toEqual([30, 20, 70, 60]);
    expect(corners({ x: 0, y: 70, width: 20, height: 10 }, 2)).toEqual([0, 59, 40, 79]);
    expect(corners({ x: 40, y: 30, width: 20, height: 20 }, 100)).toEqual([10, 0, 89, 79]);
    expect(() => corners({ x: 0, y: 0, width: 0, height: 5 }, 2)).toThrow(InputError);
  });

  test('of a crop are the crop itself', () => {
    const crop = {
      widthPx: 80,
      heightPx: 80,
      data: Uint8Array.from({ length: 3 * 80 * 80 }, (_, i) => (i * 89) % 251),
    };
    expect(enlargedCrop(crop, { x: 0, y: 0, width: 80, height: 80 }, 2.7, 80)).toEqual(crop);
  });

  test('go into the tensor in the order and the range of the network', () => {
    const pixel = { widthPx: 1, heightPx: 1, data: Uint8Array.of(255, 51, 0) };
    expect([...cropTensor([pixel], { order: 'RGB', range: '0..1' }).data]).toEqual([1, Math.fround(0.2), 0]);
    expect([...cropTensor([pixel, pixel], { order: 'BGR', range: '0..255' }).data]).toEqual([0, 51, 255, 0, 51, 255]);
  });
});

describe.each(['antispoof', 'liveness'] as const)('human’s %s', (name) => {
  test('gives what human’s own steps give in TensorFlow.js', async () => {
    const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
    const boxes = [
      { x: 100, y: 60, width: 90, height: 110 },
      // Beyond the picture's corner.
      { x: 0, y: 0, width: 150, height: 120 },
    ];
    const network = await openHumanNetwork(name, options);
    const scores = await network.score(boxes.map((box) => ({ image, face: { box } })));
    await network.close();
    const original = await openOriginal(name);
    const sizePx = name === 'antispoof' ? 128 : 32;
    const photo = tf.tensor4d(Float32Array.from(image.data), [1, image.heightPx, image.widthPx, 3]);
    for (const [i, { x, y, width, height }] of boxes.entries()) {
      const half = (1.4 * 0.947 * Math.max(width, height)) / 2;
      const [left, top, right, bottom] = [
        x + width / 2 - half,
        y + height / 2 - half,
        x + width / 2 + half,
        y + height / 2 + half,
      ].map(Math.round) as [number, number, number, number];
      const region = [top / image.heightPx, left / image.widthPx, bottom / image.heightPx, right / image.widthPx];
      const cut = tf.div<tf.Tensor4D>(tf.image.cropAndResize(photo, [region as never], [0], [192, 192]), 255);
      const small = tf.image.resizeBilinear(cut, [sizePx, sizePx], false);
      const [expected] = await original.run((await small.data()) as Float32Array, small.shape, 'Identity');
      expect(scores[i]).toBeCloseTo(expected ?? Number.NaN, 4);
    }
    expect(scores[0]).not.toBeCloseTo(scores[1] ?? Number.NaN, 3);
  });
});

describe('a MiniFASNet of the user', () => {
  test.each([
    ['2.7_80x80_MiniFASNetV2.onnx', 2.7],
    ['4_0_0_80x80_MiniFASNetV1SE.onnx', 4],
    ['org_1_80x60_MobileFaceNet.onnx', undefined],
    ['fasnet.onnx', undefined],
  ])('%s says by its name how large its crop is', (name, factor) => {
    expect(cropFactorOf(name)).toBe(factor);
  });

  test('that is another kind of network is refused', async () => {
    await expect(openCropNetwork('nothing', new Uint8Array(3), { ...SILENT_FACE, cropFactor: 2.7 })).rejects.toThrow(
      ModelFileError,
    );
  });

  test.skipIf(!SHARED_DATA)(
    'tells Silent-Face’s photo from its two attacks, each alone and both together',
    async () => {
      const open = (file: string, cropFactor: number) =>
        openCropNetwork(
          file,
          readFileSync(join(SHARED_DATA ?? '', 'models/antispoof/minifasnet', file)),
          { ...SILENT_FACE, cropFactor },
          options,
        );
      const networks = [
        await open('2.7_80x80_MiniFASNetV2.onnx', 2.7),
        await open('4_0_0_80x80_MiniFASNetV1SE.onnx', 4),
      ];
      const pipeline = createFacePipeline(await openFaceSessions(options));
      const frames = await Promise.all(
        ['T1', 'F1', 'F2'].map(async (name) => {
          const path = join(SHARED_DATA ?? '', `liveness-samples/silent-face/image_${name}.jpg`);
          const { image } = await decodeImage(path);
          const [face] = await pipeline.detect(image, { maxFaces: 1 });
          return { image, face: face ?? expect.fail(`no face in ${path}`) };
        }),
      );
      const fused = fusedNetwork('both', networks);
      const [v2, v1se, both] = [
        await networks[0]?.score(frames),
        await networks[1]?.score(frames),
        await fused.score(frames),
      ];
      // Stated, with RetinaFace's boxes in place of our mesh's: 1.00, 0.01, 0.26 and 0.96, 0.12, 0.00.
      for (const [real, ...attacks] of [v2, v1se, both] as number[][]) {
        expect(real).toBeGreaterThan(0.95);
        for (const attack of attacks) expect(attack).toBeLessThan(0.4);
      }
      both.forEach((score, i) => {
        expect(score).toBeCloseTo(((v2?.[i] ?? 0) + (v1se?.[i] ?? 0)) / 2, 6);
      });
      await fused.close();
    },
  );
});

describe('what a network sees in a capture', () => {
  const frame = {
    image: { widthPx: 1, heightPx: 1, data: new Uint8Array(3) },
    face: { box: { x: 0, y: 0, width: 1, height: 1 } },
  };
  const saying = (scores: readonly number[]) => ({
    name: 'stub',
    score: async (frames: readonly unknown[]) => frames.map((_, i) => scores[i] ?? Number.NaN),
    close: async () => {},
  });

  test('is the median of its log-odds, as far as there are faces', async () => {
    const seen = await observePresentation(saying([0.9, 1, 0.75, 0]), [frame, undefined, frame, frame, frame]);
    expect(seen).toMatchObject({ quality: 0.8, reason: expect.stringContaining('4 frames') });
    expect('score' in seen && seen.score).toBeCloseTo((Math.log(9) + Math.log(3)) / 2, 9);
    const sure = await observePresentation(saying([1, 1, 1]), [frame, frame, frame]);
    expect('score' in sure && Number.isFinite(sure.score)).toBe(true);
    expect(await observePresentation(saying([1, 1]), [frame, frame])).toEqual({
      notApplicable: '2 of 2 frames show a face',
    });
  });
});

describe('examples', () => {
  const crop = (level: number) => ({ widthPx: 1, heightPx: 1, data: Uint8Array.of(level, level, level) });
  const kinds = [
    { label: 0, people: [{ person: 'ann', crops: [crop(0)] }] },
    {
      label: 1,
      people: [
        { person: 'ann', crops: Array.from({ length: 50 }, () => crop(1)) },
        { person: 'bob', crops: [crop(2)] },
      ],
    },
    {
      label: 2,
      people: [
        { person: 'bob', crops: [crop(3)] },
        { person: 'eve', crops: [] },
      ],
    },
  ];

  test('are bona fide half of the time, of each species and person as often as of another', () => {
    const draw = exampleDraw(kinds, { batchSize: 4000, seed: 1 });
    const drawn = draw(0);
    const share = (level: number) => drawn.filter(({ crop: { data } }) => data[0] === level).length / drawn.length;
    expect([0, 1, 2, 3].map((level) => Math.round(share(level) * 16) / 16)).toEqual([0.5, 0.125, 0.125, 0.25]);
    for (const {
      crop: { data },
      label,
    } of drawn)
      expect(label).toBe([0, 1, 1, 2][data[0] ?? 9]);
    expect(draw(0)).toEqual(drawn);
    expect(draw(1)).not.toEqual(drawn);
  });

  test('need both sides', () => {
    expect(() => exampleDraw(kinds.slice(0, 1), { batchSize: 2, seed: 1 })).toThrow(InputError);
    expect(() => exampleDraw(kinds.slice(1), { batchSize: 2, seed: 1 })).toThrow(InputError);
  });
});

describe('polarity', () => {
  const random = () => new Random('polarity');
  const scored = (scores: readonly number[], prefix: string): ScoredFrame[] =>
    scores.map((score, i) => ({ score, person: `${prefix} ${i}` }));
  const rising = Array.from({ length: 20 }, (_, i) => i / 20);

  test('is as stated, inverted, or undecided', () => {
    const high = rising.map((score) => score + 0.5);
    const of = (bonaFide: readonly number[], attacks: readonly number[]) =>
      measurePolarity(scored(bonaFide, 'a'), scored(attacks, 'b'), { random: random() });
    expect(of(high, rising).polarity).toBe('as stated');
    expect(of(rising, high).polarity).toBe('inverted');
    const same = of(rising, rising);
    expect(same.polarity).toBe('undecided');
    expect(same.auc.value).toBe(0.5);
    expect(of(high, rising).auc.value).toBeCloseTo(1 - of(rising, high).auc.value, 12);
  });

  test('is not decided by three frames, nor by a hundred of one person', () => {
    const one = scored([0.9], 'a');
    const attacks = scored([0.1, 0.2], 'b');
    expect(measurePolarity(one, attacks, { random: random() })).toMatchObject({
      auc: { value: 1 },
      polarity: 'undecided',
    });
    const many = Array.from({ length: 100 }, (_, i) => ({ score: 0.9 + i / 2000, person: 'ann' }));
    const others = many.map(({ score }) => ({ score: score - 0.5, person: 'bob' }));
    expect(measurePolarity(many, others, { random: random() }).polarity).toBe('undecided');
  });

  test('needs both sides', () => {
    expect(() => measurePolarity([], scored([0.1], 'b'), { random: random() })).toThrow(InputError);
  });
});
