import {
  type Linkage,
  type LinkageFaces,
  type LinkageFigures,
  measureLinkage,
  pairCounts,
} from '../../attack/inference/linkage/linkage.ts';
import type { MaskedFace } from '../../attack/inference/linkage/student.ts';
import type { MaskedShape } from '../../attack/masked-shape.ts';
import type { FrontSettings } from '../../defence/training/masking/front.ts';
import type { Curve } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { jobOf, sessionOf } from './context.ts';
import { behindFront, FEWEST_PAIRS, type FrontContext, shapeBehind, triedFaces } from './front-faces.ts';

/** Linkage by number of pairs. */
export interface MeasuredLinkage {
  readonly curves: readonly Curve[];
  /** What was left out, and why. */
  readonly notMeasured: readonly string[];
}

/**
 * How well faces behind a recogniser's front are linked with open photos and with each other, by how many pairs of masked face and open template the attacker has: from public people, tried on those whom
 * the recogniser was trained on. What is linked is what leaves a device at recognition, without the mixes of the training. Rows are kept in the store.
 *
 * Cost: one to two minutes of one core for each number of pairs.
 *
 * @param judge - whose templates are meant: it sees open photos.
 */
export async function linkageCurves(
  front: FrontSettings,
  judge: Judge,
  context: FrontContext,
): Promise<MeasuredLinkage> {
  const { people, strangers, model, random } = context;
  const linked = triedFaces(people);
  const pairs = random.fork('linkage').shuffle(await maskedFaces(strangers, front, judge, context));
  const targets = await maskedFaces(linked, front, judge, context);
  const rows: Linkage[] = [];
  const notMeasured: string[] = [];
  for (const pairCount of pairCounts(pairs.length)) {
    const known = pairs.slice(0, pairCount);
    const knownPeople = new Set(known.map(({ person }) => person)).size;
    // Without pairs nothing is learnt, and nothing is needed for it.
    if (pairCount > 0 && (pairCount < FEWEST_PAIRS.pairs || knownPeople < FEWEST_PAIRS.people)) {
      notMeasured.push(
        `linkage by ${pairCount} pairs (they are of ${knownPeople} people, and ${FEWEST_PAIRS.pairs} pairs of ${FEWEST_PAIRS.people} people are needed)`,
      );
      continue;
    }
    rows.push(await linkageOf({ pairs: known, targets }, { judge, shape: shapeBehind(front) }, context));
  }
  return { curves: curvesOf(rows, `${judge.encoder.id}, front of ${model.id}`), notMeasured };
}

/** Linkage by an attacker who has these pairs, as the store has it or measured anew. */
async function linkageOf(
  faces: LinkageFaces,
  { judge, shape }: { readonly judge: Judge; readonly shape: MaskedShape },
  context: FrontContext,
): Promise<Linkage> {
  const { store, seed, students } = context;
  const pairCount = faces.pairs.length;
  const key = `linkage, ${judge.encoder.id}, ${pairCount} pairs`;
  const known = await store.read(key);
  // Written below, by the same version: a plan of another is not resumed.
  if (known) return JSON.parse(new TextDecoder().decode(known)) as Linkage;
  const row = await measureLinkage(faces, {
    ...{ ...jobOf(context), ...sessionOf(context) },
    ...{ shape, seed, pairCount, students },
  });
  await store.write(key, new TextEncoder().encode(JSON.stringify(row)));
  return row;
}

/** What the front makes of faces, and what the judge says of them in the open. */
async function maskedFaces(
  faces: readonly AuditFace[],
  front: FrontSettings,
  judge: Judge,
  context: FrontContext,
): Promise<MaskedFace[]> {
  const templates = await judge.embed(faces, jobOf(context));
  const masked = await behindFront(faces, front, context);
  return faces.map(({ person }, i) => ({
    person,
    masked: masked[i] as Float32Array,
    template: templates[i] as Float32Array,
  }));
}

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
