import { applyChange } from '../../defence/photo/attribute/composite.ts';
import type { AttributeEditor } from '../../defence/photo/attribute/editor.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { FaceView } from '../../face/alignment.ts';
import type { AttributeReader } from '../../face/attribute-reader.ts';
import type { Face } from '../../face/face.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar, toPlanar } from '../../image/tensor.ts';
import { l2, ssim } from '../../metric/image-quality.ts';
import { clusterBootstrap, clusterRate, type Estimate, type Rate } from '../../metric/intervals.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import { baselineTreatments, editTreatments, type PortraitToTreat, type Treatment } from './treatments.ts';

/** A photo of a person of the test side, its main face, and what its labels say. */
export interface FaceToEdit extends PortraitToTreat {
  readonly person: string;
  readonly photo: Image;
  readonly face: Face;
  /** Its label for each attribute of the judge. */
  readonly labels: readonly boolean[];
}

/** A matcher with the threshold at which it decides. */
export interface Matcher {
  readonly encoder: Encoder;
  readonly threshold: Threshold;
}

/** How an editor is measured. */
export interface MeasureEditorOptions extends JobOptions {
  readonly editor: AttributeEditor;
  /** Reads the edited faces; not used in making the editor. */
  readonly judge: AttributeReader;
  readonly matchers: readonly Matcher[];
  readonly seed: number;
}

/** What a treatment did. */
export interface TreatmentFigures {
  readonly treatment: string;
  readonly attribute: string | undefined;
  /** Rates over faces: intervals by a bootstrap over people, no narrower than Wilson's. Edited faces in which the judge sees the attribute as it was to be, on the network's portrait and on the whole photo. */
  readonly accuracy: Rate | undefined;
  readonly accuracyOnPhoto: Rate | undefined;
  /** For a baseline: the mean over the attributes, of faces in which the judge sees each turned round. */
  readonly meanAccuracy: number | undefined;
  /** Mean share of the other attributes of which the judge changes its mind. */
  readonly preservationError: Estimate;
  readonly psnr: number;
  readonly ssim: number;
  /** By matcher: genuine pairs that match when clean and still do, protected against original and protected against protected. */
  readonly kept: readonly {
    readonly matcher: string;
    readonly sameOriginal: Rate;
    readonly otherOriginal: Rate;
    readonly bothTreated: Rate;
  }[];
}

/** What an editor is worth. */
export interface EditorFigures {
  readonly faces: number;
  readonly people: number;
  /** How often the judge agrees with the labels on the clean portraits, over the editor's attributes, and by attribute. */
  readonly judge: { readonly accuracy: Rate; readonly byAttribute: Readonly<Record<string, Rate>> };
  readonly reconstruction: { readonly psnr: number; readonly ssim: number };
  readonly treatments: readonly TreatmentFigures[];
}

/**
 * Measures an editor on faces that neither it nor the judge has seen.
 *
 * Edit accuracy and preservation error by STGAN's rule (Liu et al. 2019, section 4.2): each attribute is turned round alone, and a classifier decides; own values are the labels. Identity on whole photos: the change is
 * brought to the photo, and the matchers look at that, at the thresholds that they have for clean photos.
 *
 * @throws InputError where a matcher matches no pair of clean photos of one person: then nothing could be kept.
 */
export async function measureEditor(
  faces: readonly FaceToEdit[],
  options: MeasureEditorOptions,
): Promise<EditorFigures> {
  const { editor, judge, seed } = options;
  const columns = editor.attributes.map((name) => judge.attributes.indexOf(name));
  const known = columns.flatMap((column, attribute) => (column < 0 ? [] : [{ column, attribute }]));
  const decide = async (portraits: readonly Image[]): Promise<boolean[][]> =>
    (await judge.read(portraits)).map((logOdds) => known.map(({ column }) => (logOdds[column] as number) > 0));
  const labels = faces.map((face) => known.map(({ column }) => face.labels[column] as boolean));
  const clean = await decide(faces.map(({ portrait }) => portrait));
  const agreed = known.map((_, k) => faces.map((_, i) => clean[i]?.[k] === labels[i]?.[k]));
  const again = await editor.reconstruct(
    faces.map(({ portrait }) => toPlanar([portrait])),
    faces.map(({ own }) => own),
  );
  const people = faces.map(({ person }) => person);
  const pairs = genuinePairs(faces);
  const originals = await embedAll(faces, options);
  const treatments = [
    ...editTreatments(
      editor,
      known.map(({ attribute }) => editor.attributes[attribute] as string),
    ),
    ...baselineTreatments(editor),
  ];
  const figures: TreatmentFigures[] = [];
  for (const [done, treatment] of treatments.entries()) {
    throwIfAborted(options);
    const random = new Random(seed).fork(treatment.name);
    const { portraits, photos } = await treat(faces, treatment, { view: editor.view, random });
    const seen = await decide(portraits);
    const seenOnPhoto = await decide(
      faces.map(({ face }, i) => alignedFace(photos[i] as Image, face.landmarks, editor.view)),
    );
    const at = known.findIndex(({ attribute }) => editor.attributes[attribute] === treatment.attribute);
    const turned = (decisions: readonly boolean[][], k: number): boolean[] =>
      faces.map((_, i) => decisions[i]?.[k] !== labels[i]?.[k]);
    const rate = (outcomes: readonly boolean[]): Rate => rateOf(outcomes, people, random);
    const changed = faces.map((_, i) => {
      const others = known.flatMap((_, k) => (k === at ? [] : [seen[i]?.[k] !== clean[i]?.[k]]));
      return others.length === 0 ? 0 : shareOf(others);
    });
    const byPerson = Map.groupBy(changed.keys(), (i) => (faces[i] as FaceToEdit).person);
    const treated = await embedAll(
      faces.map((face, i) => ({ ...face, photo: photos[i] as Image })),
      options,
    );
    figures.push({
      treatment: treatment.name,
      attribute: treatment.attribute,
      accuracy: at < 0 ? undefined : rate(turned(seen, at)),
      accuracyOnPhoto: at < 0 ? undefined : rate(turned(seenOnPhoto, at)),
      meanAccuracy: at < 0 ? mean(known.map((_, k) => shareOf(turned(seen, k)))) : undefined,
      preservationError: clusterBootstrap(
        [...byPerson.values()].map((own) => own.map((i) => changed[i] as number)),
        { random },
      ),
      ...quality(faces, portraits),
      kept: options.matchers.map((matcher, m) => ({
        matcher: matcher.encoder.id,
        ...keptBy(matcher, pairs, { originals: originals[m] ?? [], treated: treated[m] ?? [], people, random }),
      })),
    });
    options.onProgress?.({ stage: 'measuring edits', done: done + 1, total: treatments.length });
  }
  const byAttribute = known.map(({ attribute }, k): [string, Rate] => [
    editor.attributes[attribute] as string,
    rateOf(agreed[k] ?? [], people, new Random(seed).fork('judge')),
  ]);
  return {
    faces: faces.length,
    people: new Set(faces.map(({ person }) => person)).size,
    judge: {
      accuracy: rateOf(
        agreed.flat(),
        known.flatMap(() => people),
        new Random(seed).fork('judge'),
      ),
      byAttribute: Object.fromEntries(byAttribute),
    },
    reconstruction: quality(
      faces,
      again.map((portrait) => imageOf(portrait, editor.view)),
    ),
    treatments: figures,
  };
}

/** The treated portraits as the network gives them, and the whole photos with the change brought to them. */
async function treat(
  faces: readonly FaceToEdit[],
  treatment: Treatment,
  { view, random }: { readonly view: FaceView; readonly random: Random },
): Promise<{ readonly portraits: Image[]; readonly photos: Image[] }> {
  const changes = await treatment.change(faces, random);
  return {
    portraits: faces.map(({ portrait }, i) => {
      const change = changes[i] as Float32Array;
      return imageOf(
        toPlanar([portrait]).map((value, k) => value + (change[k] as number)),
        view,
      );
    }),
    photos: faces.map(({ photo, face }, i) => applyChange(photo, face, { view, data: changes[i] as Float32Array })),
  };
}

const imageOf = (planar: Float32Array, view: FaceView): Image => fromPlanar(planar, view)[0] as Image;

/** Mean similarity of portraits to what became of them; PSNR of the mean squared error, so that unchanged faces do not make it infinite. */
function quality(
  faces: readonly FaceToEdit[],
  treated: readonly Image[],
): { readonly psnr: number; readonly ssim: number } {
  const both = faces.map(({ portrait }, i) => [toPlanar([portrait]), toPlanar([treated[i] as Image])] as const);
  const size = faces[0]?.portrait ?? { widthPx: 0, heightPx: 0 };
  return {
    psnr: -10 * Math.log10(mean(both.map(([a, b]) => l2(a, b)))),
    ssim: mean(both.map(([a, b]) => ssim(a, b, size))),
  };
}

/** For each face the next other photo of its person. */
function genuinePairs(faces: readonly FaceToEdit[]): (readonly [number, number])[] {
  return [...Map.groupBy(faces.keys(), (i) => (faces[i] as FaceToEdit).person).values()].flatMap((own) =>
    own.length < 2 ? [] : own.map((i, k) => [i, own[(k + 1) % own.length] as number] as const),
  );
}

/** What each matcher makes of the photos, at the points where the faces were found when clean. */
async function embedAll(
  photos: readonly { readonly photo: Image; readonly face: Face }[],
  options: MeasureEditorOptions,
): Promise<Float32Array[][]> {
  const all: Float32Array[][] = [];
  for (const { encoder } of options.matchers) {
    throwIfAborted(options);
    all.push(await encoder.embed(photos.map(({ photo, face }) => alignedFace(photo, face.landmarks, encoder.view))));
  }
  return all;
}

/** Of the genuine pairs that match when clean, how many still do. */
function keptBy(
  { encoder, threshold }: Matcher,
  pairs: readonly (readonly [number, number])[],
  options: {
    readonly originals: readonly Float32Array[];
    readonly treated: readonly Float32Array[];
    /** Of each face. */
    readonly people: readonly string[];
    readonly random: Random;
  },
): Omit<TreatmentFigures['kept'][number], 'matcher'> {
  const { originals, treated, people, random } = options;
  const matches = (a: Float32Array | undefined, b: Float32Array | undefined): boolean =>
    a !== undefined && b !== undefined && cosineSimilarity(a, b) >= threshold.similarity;
  const matching = pairs.filter(([i, k]) => matches(originals[i], originals[k]));
  if (matching.length === 0) {
    throw new InputError(`"${encoder.id}" matches none of ${pairs.length} pairs of clean photos of one person`, {
      hint: 'give people with several photos each, and an encoder that recognises them',
    });
  }
  const own = matching.map(([i]) => people[i] as string);
  const rate = (outcomes: readonly boolean[], whose: readonly string[] = own): Rate => rateOf(outcomes, whose, random);
  return {
    sameOriginal: rate(
      originals.map((original, i) => matches(treated[i], original)),
      people,
    ),
    otherOriginal: rate(matching.map(([i, k]) => matches(treated[i], originals[k]))),
    bothTreated: rate(matching.map(([i, k]) => matches(treated[i], treated[k]))),
  };
}

/** A rate over faces; photos of one person are alike. */
function rateOf(outcomes: readonly boolean[], people: readonly string[], random: Random): Rate {
  const byPerson = [...Map.groupBy(outcomes.keys(), (i) => people[i] as string).values()];
  return clusterRate(
    byPerson.map((own) => own.map((i) => outcomes[i] === true)),
    { random, samples: 500 },
  );
}

const shareOf = (outcomes: readonly boolean[]): number => outcomes.filter(Boolean).length / outcomes.length;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
