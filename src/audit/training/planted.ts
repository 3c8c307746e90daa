import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { openGenerator } from '../../attack/inversion/generator-adapter.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { ModelTarget } from '../../attack/inversion/model/target.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { Random } from '../../util/random.ts';
import { plantedWeakEncoder } from '../inversion/planted.ts';
import type { TrainingPerson } from './people.ts';

/** Names of the planted models, as reports show them. */
export const PLANTED_MODEL = { overfitted: 'planted, overfitted', shuffled: 'planted, shuffled labels' } as const;

/** People of whom the planted models know a photo. */
const PLANTED_PEOPLE = 40;

/** A model whose inversion must find its people, or must not. */
export interface PlantedModel {
  readonly name: string;
  readonly expected: 'leaks' | 'no-leak';
  readonly head: Extract<ModelTarget['head'], { readonly kind: 'centres' }>;
}

/** Planted models, and the people whom they were made of; close the encoder after use. */
export interface PlantedModels {
  readonly people: readonly TrainingPerson[];
  /** What both models see. */
  readonly encoder: Encoder;
  readonly models: readonly PlantedModel[];
}

/**
 * The planted models of an audit: both know one photo of each class by heart, shrunk to 16x16 px, and take a face for the class whose photo is the most alike. The overfitted one has it under the right
 * label, and inverting it must find people; the other has another person's, as after a training on shuffled labels, and must not.
 *
 * Their people are faces of the attacker's generator: of whom it can draw, an attack that works comes near enough for a judge, and one that does not is found out. How many real people the generator
 * can draw is another question, which they do not answer.
 */
export async function plantedModels(
  generator: Generator,
  { random, ...session }: SessionOptions & { readonly random: Random },
): Promise<PlantedModels> {
  const people = await plantedPeople(generator, random.fork('people'), session);
  const encoder = await plantedWeakEncoder();
  const centres = await encoder.embed(
    people.flatMap(({ faces }) => faces.map(({ image }) => cropView(image, encoder.view))),
  );
  // Everybody gets the photo of the next one in a random circle: nobody their own.
  const circle = random.fork('shuffled labels').shuffle([...people.keys()]);
  const shuffled = centres.slice();
  circle.forEach((k, i) => {
    shuffled[k] = centres[circle[(i + 1) % circle.length] as number] as Float32Array;
  });
  return {
    people,
    encoder,
    models: [
      { name: PLANTED_MODEL.overfitted, expected: 'leaks', head: { kind: 'centres', centres } },
      { name: PLANTED_MODEL.shuffled, expected: 'no-leak', head: { kind: 'centres', centres: shuffled } },
    ],
  };
}

async function plantedPeople(generator: Generator, random: Random, session: SessionOptions): Promise<TrainingPerson[]> {
  const opened = await openGenerator(generator, session);
  try {
    const latents = Array.from({ length: PLANTED_PEOPLE }, () => random.normals(generator.latentSize));
    return facePictures(await opened.generate(latents)).map((image, label) => {
      const person = `planted person ${label + 1}`;
      return { person, label, faces: [{ id: person, person, image }], heldOut: [] };
    });
  } finally {
    await opened.close();
  }
}
