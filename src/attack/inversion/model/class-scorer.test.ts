import { expect, test } from 'vitest';
import { madePeople } from '../../../../test/fixtures/inversion.ts';
import { tinyClassifier } from '../../../../test/fixtures/model-inversion.ts';
import { cropView } from '../../../encoder/canonical-face.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { Random } from '../../../util/random.ts';
import { PLAIN_VIEW, randomView } from '../random-views.ts';
import { openClassScorer } from './class-scorer.ts';
import { type ModelTarget, modelTarget } from './target.ts';

test('confidences are those of the model, of the classes asked for, and the mean over views', async () => {
  const people = await madePeople('scored', 20, 1);
  const model = await tinyClassifier(
    'scored',
    people,
    people.map((_, i) => i),
  );
  const faces = people.map(({ image }) => toPlanar([image]));
  const scorer = await openClassScorer(modelTarget(model, { kind: 'logits' }) as ModelTarget, [7, 3], { threads: 1 });
  const plain = await scorer.score(faces, [PLAIN_VIEW]);
  const answers = await model.embed(people.map(({ image }) => cropView(image, model.view)));
  answers.forEach((logits, i) => {
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    expect(plain[i]?.[0]).toBeCloseTo(Math.exp(logits[7] as number) / total, 2);
    expect(plain[i]?.[1]).toBeCloseTo(Math.exp(logits[3] as number) / total, 2);
  });
  const random = new Random(1);
  const views = Array.from({ length: 3 }, () => randomView({ shift: 8, scale: [0.8, 1.2] }, random));
  const apart = await Promise.all(views.map((view) => scorer.score(faces.slice(0, 2), [view])));
  const together = await scorer.score(faces.slice(0, 2), views);
  const mean = apart.reduce((sum, scores) => sum + (scores[1]?.[0] ?? 0) / 3, 0);
  expect(together[1]?.[0]).toBeCloseTo(mean, 6);
  expect(new Set(apart.map((scores) => scores[1]?.[0])).size).toBe(3);
  await scorer.close();
  await model.close();
});
