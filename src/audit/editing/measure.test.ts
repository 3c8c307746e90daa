import { expect, test } from 'vitest';
import { frontFace } from '../../../test/fixtures/front-face.ts';
import type { AttributeEditor } from '../../defence/photo/attribute/editor.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { AttributeReader } from '../../face/attribute-reader.ts';
import { portraitView } from '../../face/portrait.ts';
import type { Image } from '../../image/image.ts';
import { wilson } from '../../metric/intervals.ts';
import { type FaceToEdit, measureEditor } from './measure.ts';

const view = portraitView();
const ATTRIBUTES = ['Light', 'Red'];

/** An even picture; its channels are all that the networks below look at. */
const even = (red: number, green: number, blue: number): Image => {
  const data = new Uint8Array(3 * 300 * 300);
  for (let i = 0; i < data.length; i += 3) data.set([red, green, blue], i);
  return { widthPx: 300, heightPx: 300, data };
};

const meanOf = ({ data }: Image, channel: number): number => {
  let sum = 0;
  for (let i = channel; i < data.length; i += 3) sum += data[i] as number;
  return (3 * sum) / data.length / 255;
};

/** Sees light where green is above a half, and red where red is above green. */
const judge: AttributeReader = {
  id: 'judge',
  hash: 'judge',
  attributes: ATTRIBUTES,
  view,
  read: async (faces) =>
    faces.map((face) => Float32Array.of(meanOf(face, 1) - 0.5, meanOf(face, 0) - meanOf(face, 1) - 0.05)),
  close: async () => {},
};

/** Makes light faces dark and dark ones light, all channels by 0.3, but turns no face red or back. */
const editor: AttributeEditor = {
  attributes: ATTRIBUTES,
  view,
  change: async (portraits, own, target) =>
    portraits.map((portrait, i) =>
      new Float32Array(portrait.length).fill((((target[i]?.[0] ?? 0) - (own[i]?.[0] ?? 0)) / 2) * 0.3),
    ),
  reconstruct: async (portraits) => portraits.map((portrait) => portrait.map((value) => value + 0.01)),
  close: async () => {},
};

/** A person is known by how light the face is: similarity 1 for the same grey, falling with the distance. */
const encoder: Encoder = {
  id: 'grey',
  hash: 'grey',
  embeddingSize: 2,
  queries: 0,
  view,
  embed: async (faces) =>
    faces.map((face) => Float32Array.of(Math.cos(2 * meanOf(face, 1)), Math.sin(2 * meanOf(face, 1)))),
  close: async () => {},
};

function faceOf(person: string, photo: Image, labels: readonly boolean[]): FaceToEdit {
  const face = frontFace(1.2, { x: 80, y: 70 });
  const portrait = alignedFace(photo, face.landmarks, view);
  return { person, photo, face, portrait, labels, own: Float32Array.from(labels, (label) => (label ? 1 : -1)) };
}

const FACES = [
  faceOf('ann', even(90, 90, 90), [false, false]),
  faceOf('ann', even(95, 95, 95), [false, false]),
  faceOf('ben', even(170, 170, 170), [true, false]),
  // The judge sees this one light, against its label.
  faceOf('cid', even(200, 140, 140), [false, true]),
];

test('an editor that turns one attribute and not the other is told from one that does neither', async () => {
  const threshold = {
    similarity: Math.cos(0.2),
    fmr: 0.001,
    encoder: 'grey',
    dataset: 'made',
    impostorPairs: 1,
    interval: wilson(0, 1),
  } as const;
  const figures = await measureEditor(FACES, { editor, judge, matchers: [{ encoder, threshold }], seed: 1 });
  expect(figures).toMatchObject({ faces: 4, people: 3 });
  expect(figures.judge.accuracy).toMatchObject({ successes: 7, trials: 8 });
  expect(figures.judge.byAttribute.Light).toMatchObject({ successes: 3, trials: 4 });
  // In 8 bits the error is of three levels everywhere.
  expect(figures.reconstruction.psnr).toBeCloseTo(-20 * Math.log10(3 / 255), 4);

  const by = (name: string) => figures.treatments.find(({ treatment }) => treatment === name);
  const light = by('edit Light');
  // All four are seen turned: three by the edit, the fourth since it was seen so before.
  expect(light?.accuracy).toMatchObject({ successes: 4, trials: 4 });
  expect(light?.accuracyOnPhoto).toMatchObject({ successes: 4, trials: 4 });
  expect(light?.preservationError.value).toBe(0);
  // Ann's two photos match when clean; with one made lighter they do not; with both they do again.
  const [kept] = light?.kept ?? [];
  expect(kept?.otherOriginal).toMatchObject({ successes: 0, trials: 2 });
  expect(kept?.bothTreated).toMatchObject({ successes: 2, trials: 2 });
  expect(kept?.sameOriginal).toMatchObject({ successes: 0, trials: 4 });

  expect(by('edit Red')?.accuracy).toMatchObject({ successes: 0, trials: 4 });
  expect(by('edit Red')?.kept[0]?.otherOriginal).toMatchObject({ successes: 2, trials: 2 });
  expect(by('nothing')?.meanAccuracy).toBeCloseTo(1 / 8, 9);
  expect(by('nothing')?.psnr).toBe(Number.POSITIVE_INFINITY);
});
