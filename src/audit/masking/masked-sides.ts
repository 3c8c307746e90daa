import type { MaskedFace } from '../../attack/inference/linkage/student.ts';
import { invertFront } from '../../defence/training/masking/front.ts';
import type { MaskedPerson } from '../../defence/training/masking/masked-batch.ts';
import { type MaskedView, type MaskedViewsOptions, maskedViews } from '../../defence/training/masking/masked-views.ts';
import { clip } from '../../graph/ops/activation.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import { fromPlanar } from '../../image/tensor.ts';
import type { Weights } from '../../nn/parameters.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { shapeBehind, throughGraph } from '../training/front-faces.ts';

/** A {@link MaskedExample} with what an encoder says of it. */
export interface ShownExample extends MaskedExample {
  /** The masked face as a picture, by who knows the front: planar [3,S,S], RGB, 0..1. */
  readonly picture: Float32Array;
  readonly shown: Float32Array;
}

/** How faces are shown to an attacker as a training saw them. */
export interface MaskedExamplesOptions extends Omit<MaskedViewsOptions, 'leading' | 'weights' | keyof JobOptions> {
  /** What the masking was at times over the training: each face is masked by one of them, in turn. */
  readonly maskings: readonly Weights[];
}

/** A face as a training sees it, and what is known of it in the open. */
export interface MaskedExample extends MaskedFace {
  /** The face at the size of the training. */
  readonly small: Image;
  /** Faces in its mix, 1 where it is alone. */
  readonly count: number;
  /** Which of the maskings it was made by. */
  readonly time: number;
}

/**
 * Faces as a training sees them, each once, mixed with others of the same side, and as the attacker has them, who knows the front: it stands in the trained model. A mix is its leading face's: who has the
 * largest part is whom an attacker looks for, and parts are exchangeable. Of random signs the attacker keeps nothing: what they hide is hidden, and the rest is the number's size.
 *
 * @param judge - whose templates are meant.
 */
export async function maskedExamples(
  faces: readonly AuditFace[],
  judge: Judge,
  options: MaskedExamplesOptions,
  job: JobOptions = {},
): Promise<MaskedExample[]> {
  const { sizePx } = options.front;
  const templates = new Map((await judge.embed(faces, job)).map((template, i) => [faces[i], template]));
  const byPerson = [...Map.groupBy(faces, ({ person }) => person)];
  const people: MaskedPerson[] = byPerson.map(([person, own]) => ({
    person,
    faces: own.map(({ image }) => resizeImage(image, sizePx, sizePx)),
    ids: own.map(({ id }) => id),
  }));
  const inOrder = byPerson.flatMap(([, own]) => own);
  const small = people.flatMap((person) => person.faces);
  const times: MaskedView[][] = [];
  for (const weights of options.maskings)
    times.push(await maskedViews(people, { ...options, ...job, weights, leading: true }));
  const views = inOrder.map((_, i) => ({ ...(times[i % times.length]?.[i] as MaskedView), time: i % times.length }));
  const known = views.map(({ masked }) => (options.masking.signs ? masked.map(Math.abs) : masked));
  return views.map(({ face: place, parts, partners, time }, i) => {
    const face = inOrder[place] as AuditFace;
    return {
      ...{ person: face.person, masked: known[i] as Float32Array, small: small[place] as Image },
      template: templates.get(face) ?? new Float32Array(),
      company: partners.map((partner) => (inOrder[partner] as AuditFace).person),
      ...{ count: parts.length, time },
    };
  });
}

/** Shows masked faces to the judge as pictures, by who knows the front and undoes it. */
export async function showExamples(
  examples: readonly MaskedExample[],
  judge: Judge,
  { front, masking, ...session }: SessionOptions & Pick<MaskedExamplesOptions, 'front' | 'masking'>,
  job: JobOptions = {},
): Promise<ShownExample[]> {
  // Channels that were drawn are made larger for those that were not; who knows the front knows by how much.
  const { channelsDrawn = front.channels.length } = masking;
  const enlarged = front.channels.length / channelsDrawn;
  const pictures = await throughGraph(
    examples.map(({ masked }) => (enlarged === 1 ? masked : masked.map((value) => value / enlarged))),
    shapeBehind(front),
    (row) => clip(invertFront(row, front), 0, 1),
    session,
  );
  const shown = await judge.embedImages(
    pictures.flatMap((face) => fromPlanar(face, { widthPx: front.sizePx, heightPx: front.sizePx })),
    job,
  );
  return examples.map((example, i) => ({
    ...example,
    ...{ picture: pictures[i] as Float32Array, shown: shown[i] as Float32Array },
  }));
}
