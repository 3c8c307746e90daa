import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InversionResources, whiteBoxTarget } from '../../src/attack/inversion/attack.ts';
import { INVERSION_ATTACKS, possibleAttacks } from '../../src/attack/inversion/attacks.ts';
import { openGenerator, probeEncoder } from '../../src/attack/inversion/generator-adapter.ts';
import { FACE_SIZE_PX } from '../../src/attack/inversion/inverse-dcgan.ts';
import { openInverter } from '../../src/attack/inversion/inverter-file.ts';
import { cropView } from '../../src/encoder/canonical-face.ts';
import type { Encoder } from '../../src/encoder/encoder.ts';
import { fromPlanar } from '../../src/image/tensor.ts';
import { cosineSimilarity } from '../../src/metric/similarity.ts';
import { CapabilityError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';
import { largestDifference } from '../fixtures/evaluate.ts';
import { TINY_LATENT, tinyEncoder, tinyGenerator, tinyInverter } from '../fixtures/inversion.ts';

/** More than one batch, the last one not full. */
const TEMPLATES = 10;
const ITERATIONS = 60;
const NUMBERS = 3 * FACE_SIZE_PX ** 2;

/** Attacks without random starts or views: their resources settle what they give. */
const SETTLED = new Set(['black-box inverter', 'black-box, adapter to the generator', 'white-box, selected start']);

let encoder: Encoder;
let resources: Required<InversionResources>;
let templates: Float32Array[];
/** Similarity to the templates that faces reach which owe nothing to them. */
let chance: { readonly noise: number; readonly generator: number };

async function seen(faces: readonly Float32Array[]): Promise<Float32Array[]> {
  const images = faces.flatMap((face) => fromPlanar(face, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }));
  return encoder.embed(images.map((image) => cropView(image, encoder.view)));
}

/** Whether faces are the same bit for bit. */
const isEqual = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.length === b.length && a.every((face, i) => largestDifference(face, b[i] as Float32Array) === 0);

/** Mean similarity of the encoder's view of the faces to the templates. */
async function similarity(faces: readonly Float32Array[]): Promise<number> {
  const values = (await seen(faces)).map((embedding, i) => cosineSimilarity(embedding, templates[i] as Float32Array));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

beforeAll(async () => {
  encoder = await tinyEncoder({ seed: 'target' });
  const generator = tinyGenerator();
  const random = new Random('world');
  const target = whiteBoxTarget(encoder);
  if (!target) throw new CapabilityError('the tiny encoder has no weights');
  resources = {
    generator,
    target,
    inverter: await openInverter(tinyInverter('target')),
    probes: await probeEncoder(generator, encoder, { queries: 60, random }),
  };
  const opened = await openGenerator(generator);
  const latents = () => Array.from({ length: TEMPLATES }, () => random.normals(TINY_LATENT));
  templates = await seen(await opened.generate(latents()));
  chance = {
    noise: await similarity(templates.map(() => Float32Array.from({ length: NUMBERS }, () => random.uniform()))),
    generator: await similarity(await opened.generate(latents())),
  };
  await opened.close();
});

afterAll(async () => {
  await resources.inverter.close();
  await encoder.close();
});

describe.for(INVERSION_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', ([name, attack]) => {
  const invert = (seed: number, given: InversionResources = resources, which: readonly Float32Array[] = templates) =>
    attack.invert(which, given, { iterations: ITERATIONS, random: new Random(seed), threads: 1 });

  test('gives one face [3,128,128] in 0..1 a template, and that face is the template’s', async () => {
    const faces = await invert(1);
    expect(faces).toHaveLength(TEMPLATES);
    for (const face of faces) {
      expect(face).toHaveLength(NUMBERS);
      expect(face.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    // The bar is for faces that owe nothing to their templates; a start that is not optimised stays under it.
    expect(Math.max(chance.noise, chance.generator)).toBeLessThan(0.35);
    expect(await similarity(faces)).toBeGreaterThan(0.7);
  });

  test('the same seed gives the same faces, another seed others where anything is random', async () => {
    const [first, again, other] = [await invert(1), await invert(1), await invert(2)];
    expect(isEqual(again, first)).toBe(true);
    expect(isEqual(other, first)).toBe(SETTLED.has(name));
  });

  test('gives no face for no template', async () => {
    expect(await invert(1, resources, [])).toEqual([]);
  });

  test('tells of itself, and names a resource that is missing', async () => {
    expect(attack.description).toMatch(/\.$/);
    const words = {
      inverter: 'an inverter',
      generator: 'a generator',
      probes: 'generated faces',
      target: 'weights',
    } as const;
    for (const missing of attack.needs) {
      const { [missing]: _, ...rest } = resources;
      expect(possibleAttacks(rest)).not.toContain(attack);
      const failure: unknown = await invert(1, rest).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CapabilityError);
      expect(String(failure)).toContain(name);
      expect(String(failure)).toContain(words[missing]);
    }
  });

  test('needs nothing that it does not name', async () => {
    const { needs } = attack;
    const alone: InversionResources = Object.fromEntries(needs.map((need) => [need, resources[need]]));
    expect(possibleAttacks(alone)).toContain(attack);
    expect(isEqual(await invert(1, alone), await invert(1))).toBe(true);
  });

  test('stops on request', async () => {
    const controller = new AbortController();
    controller.abort();
    const stopped = attack.invert(templates, resources, {
      iterations: ITERATIONS,
      random: new Random(1),
      signal: controller.signal,
    });
    if (attack.access === 'white-box') await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    else expect(await stopped).toHaveLength(TEMPLATES);
  });
});

test('names are unique, and every attack is possible with all resources', () => {
  expect(new Set(INVERSION_ATTACKS.map(({ name }) => name)).size).toBe(INVERSION_ATTACKS.length);
  expect(possibleAttacks(resources)).toEqual([...INVERSION_ATTACKS]);
  expect(possibleAttacks({})).toEqual([]);
});

test('an inverter that cannot serve as a generator is not enough to go on from', async () => {
  const attack = INVERSION_ATTACKS.find(({ name }) => name === 'white-box from black-box');
  const { asGenerator: _, ...closed } = resources.inverter;
  await expect(
    attack?.invert(templates, { ...resources, inverter: closed }, { random: new Random(1) }),
  ).rejects.toThrow(/needs an inverter/);
});
