import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { TINY_EMBEDDING, TINY_LATENT, tinyEncoder, tinyGenerator } from '../../../test/fixtures/inversion.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { fromPlanar } from '../../image/tensor.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import { InterruptedError, ShapeError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { whiteBoxTarget } from './attack.ts';
import { openGenerator } from './generator-adapter.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';
import {
  type InvertedTemplate,
  optimiseTemplates,
  type TemplateOptimisationOptions,
  type WhiteBoxTarget,
} from './template-optimisation.ts';

const generator = tinyGenerator();
let encoder: Encoder;
let target: WhiteBoxTarget;
let templates: Float32Array[];

const latents = (count: number, seed: number): Float32Array[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.normals(TINY_LATENT));
};

async function facesOf(given: readonly Float32Array[]): Promise<Float32Array[]> {
  const opened = await openGenerator(generator, { threads: 1 });
  const faces = await opened.generate(given);
  await opened.close();
  return faces;
}

/** The encoder's answers to faces, by its black-box interface: another way than the optimisation's own graph. */
function embedded(faces: readonly Float32Array[]): Promise<Float32Array[]> {
  const images = faces.flatMap((face) => fromPlanar(face, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }));
  return encoder.embed(images.map((image) => cropView(image, encoder.view)));
}

const optimise = (
  options: Partial<TemplateOptimisationOptions> = {},
  targets = templates,
): Promise<InvertedTemplate[]> =>
  optimiseTemplates(
    targets,
    { generator, encoder: target },
    { start: { kind: 'random' }, random: new Random(4), iterations: 40, threads: 1, ...options },
  );

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

beforeAll(async () => {
  encoder = await tinyEncoder({ seed: 'target' });
  target = whiteBoxTarget(encoder) as WhiteBoxTarget;
  templates = await embedded(await facesOf(latents(8, 1)));
});
afterAll(() => encoder.close());

describe('optimiseTemplates', () => {
  test('the similarity rises, and is the encoder’s own', async () => {
    const results = await optimise();
    for (const { similarity } of results) {
      expect(similarity).toHaveLength(40);
      expect(similarity.at(-1)).toBeGreaterThan((similarity[0] as number) + 0.1);
    }
    const seen = await embedded(results.map(({ face }) => face));
    results.forEach(({ similarity }, i) => {
      // One step later, and rounded to 8 bits on the way.
      expect(cosineSimilarity(seen[i] as Float32Array, templates[i] as Float32Array)).toBeCloseTo(
        similarity.at(-1) as number,
        1,
      );
    });
  });

  test('the face is the generator’s of the latent that is told', async () => {
    const results = await optimise({ iterations: 3, augmented: true });
    const faces = await facesOf(results.map(({ latent }) => latent));
    results.forEach(({ face }, i) => {
      expect(largestDifference(face, faces[i] as Float32Array)).toBeLessThan(1e-6);
    });
  });

  test.for([1, 3, 8])('a batch of %i gives what a batch of eight gives, from the same starts', async (batchSize) => {
    const start = { kind: 'given', latents: latents(8, 2) } as const;
    const [apart, together] = [await optimise({ start, batchSize }), await optimise({ start, batchSize: 8 })];
    apart.forEach(({ face, latent }, i) => {
      expect(largestDifference(latent, together[i]?.latent ?? [])).toBeLessThan(1e-4);
      expect(largestDifference(face, together[i]?.face ?? [])).toBeLessThan(1e-4);
    });
  });

  test('given starts are where it begins', async () => {
    const given = latents(8, 3);
    const results = await optimise({ start: { kind: 'given', latents: given }, iterations: 0 });
    expect(results.map(({ latent }) => latent)).toEqual(given);
    expect(results.every(({ similarity }) => similarity.length === 0)).toBe(true);
  });

  test('the first step is Adam’s: every number moves by the learning rate, uphill', async () => {
    const given = latents(8, 3);
    const results = await optimise({ start: { kind: 'given', latents: given }, iterations: 1, learningRate: 0.01 });
    results.forEach(({ latent }, i) => {
      for (const [k, value] of latent.entries())
        expect(Math.abs(value - (given[i]?.[k] as number))).toBeCloseTo(0.01, 4);
    });
    const before = await embedded(await facesOf(given));
    const after = await embedded(results.map(({ face }) => face));
    const similarity = (rows: Float32Array[]) =>
      mean(rows.map((row, i) => cosineSimilarity(row, templates[i] as Float32Array)));
    expect(similarity(after)).toBeGreaterThan(similarity(before));
  });

  test('a selected start is the probe that the encoder finds most alike', async () => {
    const pool = latents(30, 6);
    const probes = { latents: pool, embeddings: await embedded(await facesOf(pool)) };
    const selected = await optimise({ iterations: 0, start: { kind: 'selected', probes } });
    selected.forEach(({ latent }, i) => {
      const similarities = probes.embeddings.map((embedding) =>
        cosineSimilarity(embedding, templates[i] as Float32Array),
      );
      expect(latent).toEqual(pool[similarities.indexOf(Math.max(...similarities))]);
    });
    await expect(optimise({ start: { kind: 'selected', probes: { latents: [], embeddings: [] } } })).rejects.toThrow(
      ShapeError,
    );
  });

  test('a prior keeps latents nearer to nought', async () => {
    const start = { kind: 'given', latents: latents(8, 2) } as const;
    const norm = (results: InvertedTemplate[]) => mean(results.map(({ latent }) => Math.hypot(...latent)));
    expect(norm(await optimise({ start, priorWeight: 0.5 }))).toBeLessThan(norm(await optimise({ start })) - 0.3);
  });

  test('augmented views are random, but the same for a seed', async () => {
    const run = (seed: number) =>
      optimise({
        augmented: true,
        iterations: 4,
        random: new Random(seed),
        start: { kind: 'given', latents: latents(8, 2) },
      });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    const faces = (results: InvertedTemplate[]) => results.map(({ similarity }) => similarity);
    expect(faces(again)).toEqual(faces(first));
    expect(faces(other)).not.toEqual(faces(first));
  });

  test('progress goes up to the number of templates and not beyond', async () => {
    const done: number[] = [];
    await optimise({ batchSize: 3, iterations: 2, onProgress: (event) => done.push(event.done / event.total) });
    expect(done.at(-1)).toBe(1);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  test('stops on request', async () => {
    const controller = new AbortController();
    const stopped = optimise({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });

  test('refuses starts that are not one a template', async () => {
    await expect(optimise({ start: { kind: 'given', latents: latents(3, 1) } })).rejects.toThrow(ShapeError);
  });

  test('refuses templates of another size', async () => {
    await expect(optimise({}, [new Float32Array(TINY_EMBEDDING + 1).fill(1)])).rejects.toThrow(ShapeError);
  });
});
