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

/** How rows call the projection of an attribute. */
export const projectionOf = (what: string): string => `null-space projection of ${what}`;

/** Rows of templates as they are, read by attacks that learnt from as many people as those of the projected ones. */
export const UNPROJECTED = projectionOf('nothing');

/** Training people on whom projections are fitted, and others, from whom attacks learn what is left; nobody is in both. */
export interface ProjectionSides {
  readonly fitting: readonly AttributeFace[];
  readonly learning: readonly AttributeFace[];
}

/** Every second person, in the order in which they come, is fitted on. */
export function projectionSides(train: readonly AttributeFace[]): ProjectionSides {
  const people = [...new Set(train.map(({ person }) => person))];
  const fitted = new Set(people.filter((_, i) => i % 2 === 0));
  return {
    fitting: train.filter(({ person }) => fitted.has(person)),
    learning: train.filter(({ person }) => !fitted.has(person)),
  };
}

/**
 * Takes each attribute out of an encoder's templates by null-space projection; attacks are trained anew on what is left of templates of people whom it was not fitted on, and for comparison on the whole
 * templates of the same people; and recognition is measured before and after, at thresholds of each's own.
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
  const { fitting, learning } = projectionSides(sides.train);
  const learnt = { ...sides, train: learning };
  const before = recognitionOf(sides, encoder, options, { comparison: UNPROJECTED, apply: (embedding) => embedding });
  const whole = templatesOf(id, index);
  measured.leakage.push(...(await projectedLeakage(whole, UNPROJECTED, learnt, { ...options, read: options.asked })));
  for (const attribute of options.asked) {
    const labels = labelsOf(fitting, [attribute]).map(([label]) => label === true);
    if (!labels.includes(true) || !labels.includes(false)) continue;
    const vectors = fitting.map(({ embeddings }) => embeddings[index] ?? new Float32Array());
    const { apply, directions } = fitNullSpaceProjection({ vectors, labels }, options);
    const name = projectionOf(attribute);
    const source: Source = { ...whole, inputOf: (face) => apply(whole.inputOf(face)) };
    measured.leakage.push(...(await projectedLeakage(source, name, learnt, { ...options, read: [attribute] })));
    const comparison = `${name}, ${directions.length} of ${encoderSize(sides, index)} directions`;
    const after = recognitionOf(sides, encoder, options, { comparison, apply });
    if (!before || !after) continue;
    measured.recognition.push(after);
    measured.costs.push(...costsOf(`${id}: ${comparison}`, before, after));
  }
  return measured;
}

/** How well each attack reads attributes of a source, trained on it. */
async function projectedLeakage(
  source: Source,
  protection: string,
  { train, calibration, test }: Sides,
  options: ReadingOptions & {
    readonly attacks: readonly AttributeAttack[];
    readonly random: Random;
    readonly read: readonly string[];
  },
): Promise<Leakage[]> {
  const leakage: Leakage[] = [];
  for (const attack of options.attacks) {
    const training = { faces: train, labels: labelsOf(train, options.read) };
    const read = await readAttributes(attack, source, training, { calibration, test }, { ...options, key: protection });
    leakage.push(
      ...leakageRows(
        { faces: calibration, scores: read.calibration },
        { faces: test, scores: read.test },
        {
          source: source.kind,
          target: source.target,
          attack: attack.name,
          protection,
          adaptive: true,
          transformation: null,
        },
        { attributes: { asked: options.read, others: [] }, parts: 'all', random: options.random },
      ),
    );
  }
  return leakage;
}

const encoderSize = ({ test }: Sides, index: number): number => test[0]?.embeddings[index]?.length ?? 0;

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
