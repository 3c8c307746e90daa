import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import { fitNullSpaceProjection } from '../../defence/template/null-space-projection.ts';
import type { Random } from '../../util/random.ts';
import type { Cost, Leakage, Recognition } from '../findings.ts';
import type { AttributeFace } from './faces.ts';
import { labelsOf, leakageRows } from './leakage.ts';
import { type ReadingOptions, readAttributes, type Source, templatesOf } from './reading.ts';
import { calibrationThreshold, recognitionRows, templates } from './recognition.ts';
import type { Sides } from './sides.ts';

/** What the projection of attributes out of templates does. */
export interface ProjectionMeasurements {
  readonly leakage: Leakage[];
  readonly recognition: Recognition[];
  readonly costs: Cost[];
}

/** One in so many training people watches when to stop, and is not fitted on. */
const WATCHING = 4;

/**
 * Takes each attribute out of an encoder's templates by null-space projection, fitted on training people; attacks are trained anew on what is left; and recognition is measured before and after, at
 * thresholds of each's own.
 */
export async function measureProjections(
  encoder: { readonly id: string; readonly index: number },
  sides: Sides,
  options: ReadingOptions & {
    readonly asked: readonly string[];
    readonly attacks: readonly AttributeAttack[];
    readonly dataset: string;
    readonly random: Random;
  },
): Promise<ProjectionMeasurements> {
  const { id, index } = encoder;
  const measured: ProjectionMeasurements = { leakage: [], recognition: [], costs: [] };
  const { fitted, watched } = partTraining(sides.train);
  for (const attribute of options.asked) {
    const labelled = (faces: readonly AttributeFace[]) => ({
      vectors: faces.map(({ embeddings }) => embeddings[index] ?? new Float32Array()),
      labels: labelsOf(faces, [attribute]).map(([label]) => label === true),
    });
    const [own, others] = [labelled(fitted), labelled(watched)];
    if (![own, others].every(({ labels }) => labels.includes(true) && labels.includes(false))) continue;
    const projection = fitNullSpaceProjection(own, others, options);
    const name = `null-space projection of ${attribute}`;
    const directions = `${name}, ${projection.directions.length} of ${encoderSize(sides, index)} directions`;
    const source: Source = {
      ...templatesOf(id, index),
      inputOf: (face) => projection.apply(face.embeddings[index] ?? new Float32Array()),
    };
    for (const attack of options.attacks) {
      const labels = labelsOf(sides.train, [attribute]);
      const read = await readAttributes(attack, source, { faces: sides.train, labels }, judgedOf(sides), {
        ...options,
        key: name,
      });
      measured.leakage.push(
        ...leakageRows(
          { faces: sides.calibration, scores: read.calibration },
          { faces: sides.test, scores: read.test },
          {
            source: 'templates',
            target: id,
            attack: attack.name,
            protection: name,
            adaptive: true,
            transformation: null,
          },
          { attributes: { asked: [attribute], others: [] }, parts: 'all', random: options.random },
        ),
      );
    }
    const after = recognitionOf(sides, { id, index }, options, { comparison: directions, apply: projection.apply });
    const before = recognitionOf(sides, { id, index }, options, {
      comparison: 'original with original',
      apply: (embedding) => embedding,
    });
    if (!before || !after) continue;
    measured.recognition.push(after);
    measured.costs.push(...costsOf(`${id}: ${directions}`, before, after));
  }
  return measured;
}

const judgedOf = ({ calibration, test }: Sides) => ({ calibration, test });

const encoderSize = ({ test }: Sides, index: number): number => test[0]?.embeddings[index]?.length ?? 0;

/** Whole people, in the order in which they come. */
function partTraining(train: readonly AttributeFace[]): {
  readonly fitted: readonly AttributeFace[];
  readonly watched: readonly AttributeFace[];
} {
  const people = [...new Set(train.map(({ person }) => person))];
  const watching = new Set(people.filter((_, i) => i % WATCHING === 0));
  return {
    fitted: train.filter(({ person }) => !watching.has(person)),
    watched: train.filter(({ person }) => watching.has(person)),
  };
}

function recognitionOf(
  sides: Sides,
  { id, index }: { readonly id: string; readonly index: number },
  options: { readonly dataset: string; readonly random: Random },
  { comparison, apply }: { readonly comparison: string; readonly apply: (embedding: Float32Array) => Float32Array },
): Recognition | undefined {
  const projected = (faces: readonly AttributeFace[]) =>
    templates(faces, index).map((template) => ({ ...template, embedding: apply(template.embedding) }));
  const threshold = calibrationThreshold(projected(sides.calibration), { dataset: options.dataset, encoder: id });
  const test = projected(sides.test);
  const origin = { target: id, comparison, transformation: null };
  return recognitionRows(test, test, { threshold, origin, parts: 'all', random: options.random })[0];
}

function costsOf(defence: string, before: Recognition, after: Recognition): Cost[] {
  const rate = (measure: string, of: (row: Recognition) => number | undefined): Cost[] => {
    const [without, withIt] = [of(before), of(after)];
    return without === undefined || withIt === undefined
      ? []
      : [{ defence, measure, unit: 'rate', without, with: withIt }];
  };
  return [
    ...rate('true accept rate at FAR 1 %', ({ tarAtFar1 }) => tarAtFar1?.rate),
    ...rate('true accept rate at FAR 0.1 %', ({ tarAtFar01 }) => tarAtFar01?.rate),
    ...rate('equal error rate', ({ eer }) => eer),
  ];
}
