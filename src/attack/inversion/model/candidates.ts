import type { ViewJitter } from '../../../encoder/view.ts';
import { type Generator, optimiseLatents } from '../latent-optimisation.ts';
import { PLAIN_VIEW, randomView, type ViewRange } from '../random-views.ts';
import type { InvertedClass, ModelInversionOptions } from './attack.ts';
import { type ClassLoss, classGoal, classObjective } from './class-objective.ts';
import { type ClassScorer, openClassScorer } from './class-scorer.ts';
import { classCountOf, type ModelTarget } from './target.ts';

/** How a white-box attack optimises, and chooses among what it got. */
export interface CandidateSettings {
  readonly loss: ClassLoss;
  readonly iterations: number;
  readonly learningRate: number;
  readonly priorWeight: number;
  /** Whether each step sees the face in another random view. */
  readonly augmented: boolean;
  /** Random views in which candidates are compared; 0: the plain one alone. */
  readonly views: number;
}

/** Wider than those of the steps: a face that only fools the model falls behind. */
const COMPARING_VIEWS: ViewRange = { shift: 5, scale: [0.85, 1.1] };

/** Optimises all starts of each class, and gives those faces first of which the model is the surest over all views. */
export async function optimiseCandidates(
  classes: readonly number[],
  starts: readonly (readonly Float32Array[])[],
  models: { readonly generator: Generator; readonly target: ModelTarget },
  settings: CandidateSettings,
  options: ModelInversionOptions,
): Promise<InvertedClass[]> {
  const { generator, target } = models;
  const { facesPerClass = 1, random } = options;
  const classCount = classCountOf(target.head, target.outputSize);
  const tasks = classes.flatMap((label, i) =>
    (starts[i] ?? []).map((start) => ({ start, goal: classGoal(label, classCount), owner: i })),
  );
  const objective = classObjective(target, settings.loss);
  const optimised = await optimiseLatents(tasks, { generator, objective }, { ...options, ...settings });
  const faces = optimised.map(({ face }) => face);
  const views = comparingViews(options.views ?? settings.views, random);
  const scores = await withScorer(target, classes, options, (scorer) => scorer.score(faces, views, options));
  return classes.map((label, i) => {
    const ranked = tasks
      .flatMap(({ owner }, k) =>
        owner === i ? [{ face: faces[k] as Float32Array, confidence: scores[k]?.[i] ?? 0 }] : [],
      )
      .toSorted((a, b) => b.confidence - a.confidence)
      .slice(0, facesPerClass);
    return { label, faces: ranked.map(({ face }) => face), confidences: ranked.map(({ confidence }) => confidence) };
  });
}

/** Runs `use` with a scorer of these classes, and closes it. */
export async function withScorer<T>(
  target: ModelTarget,
  classes: readonly number[],
  options: ModelInversionOptions,
  use: (scorer: ClassScorer) => Promise<T>,
): Promise<T> {
  const scorer = await openClassScorer(target, classes, options);
  try {
    return await use(scorer);
  } finally {
    await scorer.close();
  }
}

function comparingViews(count: number, random: ModelInversionOptions['random']): ViewJitter[] {
  if (count === 0) return [PLAIN_VIEW];
  const draw = random.fork('comparing views');
  return Array.from({ length: count }, () => randomView(COMPARING_VIEWS, draw));
}
