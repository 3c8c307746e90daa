import { openRowFunction } from '../../attack/inference/attribute/row-function.ts';
import {
  type Linkage,
  type LinkageFigures,
  measureLinkage,
  pairCounts,
} from '../../attack/inference/linkage/linkage.ts';
import type { MaskedFace } from '../../attack/inference/linkage/student.ts';
import type { MaskedShape } from '../../attack/masked-shape.ts';
import { applyFront, type FrontSettings } from '../../defence/training/masking/front.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { withFreeBatch } from '../../graph/graph.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { toPlanar } from '../../image/tensor.ts';
import { InputError } from '../../util/errors.ts';
import type { Curve } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { jobOf, sessionOf, type TrainingContext } from './context.ts';

/** Photos of one training person that are linked, at most, and people. */
const LINKED = { photos: 4, people: 100 } as const;

/** Side of a block of the front, in pixels. */
const BLOCK_PX = 8;

/**
 * How well faces behind a recogniser's front are linked with open photos and with each other, by how many pairs of masked face and open template the attacker has: from public people, tried on those whom
 * the recogniser was trained on. What is linked is what leaves a device at recognition, without the mixes of the training. Rows are kept in the store.
 *
 * Cost: one to two minutes of one core for each number of pairs.
 *
 * @param judge - whose templates are meant: it sees open photos.
 * @returns no curve where too few people have two photos.
 */
export async function linkageCurves(front: FrontSettings, judge: Judge, context: TrainingContext): Promise<Curve[]> {
  const { people, strangers, seed, store, model, students } = context;
  const linked = people.slice(0, LINKED.people).flatMap(({ faces }) => faces.slice(0, LINKED.photos));
  const pairs = await maskedFaces(strangers, front, judge, context);
  const targets = await maskedFaces(linked, front, judge, context);
  const shape: MaskedShape = [front.channels.length, front.sizePx / BLOCK_PX, front.sizePx / BLOCK_PX];
  const rows: Linkage[] = [];
  for (const pairCount of pairCounts(pairs.length)) {
    const key = `linkage, ${judge.encoder.id}, ${pairCount} pairs`;
    const known = await store.read(key);
    if (known) {
      // Written below, by the same version: a plan of another is not resumed.
      rows.push(JSON.parse(new TextDecoder().decode(known)) as Linkage);
      continue;
    }
    try {
      const options = { shape, seed, pairCount, ...(students ? { students } : {}) };
      const row = await measureLinkage({ pairs, targets }, { ...jobOf(context), ...sessionOf(context), ...options });
      await store.write(key, new TextEncoder().encode(JSON.stringify(row)));
      rows.push(row);
    } catch (error) {
      // Too few pairs teach nothing, and too few people cannot be told apart: there is no figure for that.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return curvesOf(rows, `${judge.encoder.id}, front of ${model.id}`);
}

/** What the front makes of faces, and what the judge says of them in the open. */
async function maskedFaces(
  faces: readonly AuditFace[],
  front: FrontSettings,
  judge: Judge,
  context: TrainingContext,
): Promise<MaskedFace[]> {
  const templates = await judge.embed(faces, jobOf(context));
  const masked = await behindFront(faces, front, context);
  return faces.map(({ person }, i) => ({
    person,
    masked: masked[i] ?? new Float32Array(),
    template: templates[i] ?? new Float32Array(),
  }));
}

async function behindFront(
  faces: readonly AuditFace[],
  front: FrontSettings,
  context: TrainingContext,
): Promise<Float32Array[]> {
  const builder = new GraphBuilder('front');
  const face = builder.input('face', [1, 3, front.sizePx, front.sizePx]);
  builder.output('masked', flatten(applyFront(face, front)));
  const rows = await openRowFunction(withFreeBatch(builder.build()), sessionOf(context));
  try {
    const view = viewOf(context.model, front);
    return await rows.apply(faces.map(({ image }) => toPlanar([cropView(image, view)])));
  } finally {
    await rows.close();
  }
}

const viewOf = ({ view }: Encoder, { sizePx }: FrontSettings) => ({ ...view, widthPx: sizePx, heightPx: sizePx });

function curvesOf(rows: readonly Linkage[], of: string): Curve[] {
  const curves: readonly (readonly [string, (row: Linkage) => LinkageFigures | undefined])[] = [
    ['template to face', ({ templateToFace }) => templateToFace],
    ['template to template', ({ templateToTemplate }) => templateToTemplate],
  ];
  return curves.flatMap(([kind, figuresOf]) => {
    const known = rows.flatMap((row) => {
      const figures = figuresOf(row);
      return figures ? [{ pairs: row.pairs, figures }] : [];
    });
    const [first] = known;
    if (!first) return [];
    const x = { label: 'pairs of a masked face and its open template', unit: 'pairs', scale: 'log' as const };
    const people = `${first.figures.people} people, templates of ${of}`;
    return [
      {
        name: `linkage, ${kind}: ${people}; chance ${first.figures.chance.toPrecision(2)}`,
        x,
        y: { label: 'rank-1' },
        points: known.map(({ pairs, figures: { rank1 } }) => ({
          x: pairs,
          y: rank1.rate,
          low: rank1.low,
          high: rank1.high,
        })),
      },
    ];
  });
}
