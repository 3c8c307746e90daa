import { expect, test } from 'vitest';
import { tinyEncoder } from '../../../test/fixtures/inversion.ts';
import type { Image } from '../../image/image.ts';
import { wilson } from '../../metric/intervals.ts';
import { Random } from '../../util/random.ts';
import { createJudge } from '../judge.ts';
import { accuracyRows } from './accuracy.ts';
import { directionOf } from './gallery.ts';

test('more seeds of four people say no more than four people', async () => {
  const judge = createJudge(await tinyEncoder({ seed: 'judge' }));
  const random = new Random('faces');
  const face: Image = {
    widthPx: 128,
    heightPx: 128,
    data: Uint8Array.from({ length: 3 * 128 * 128 }, () => random.integer(256)),
  };
  const [embedding = new Float32Array()] = await judge.embedImages([face]);
  const direction = directionOf(embedding);
  const away = direction.map((value) => -value);
  // Of six people the two who are not attacked are the likest: the attack always fails.
  const centres = [away, away, away, away, direction, direction];
  const faces = Array.from({ length: 4 }, () => Array.from({ length: 10 }, () => face));
  const [row] = await accuracyRows(
    { attack: 'attack', faces },
    { judge, centres, photos: [] },
    { attacked: [0, 1, 2, 3], target: 'model', random },
  );
  expect(row?.row).toMatchObject({ successes: 0, trials: 40, low: 0 });
  expect(row?.row.high).toBeCloseTo(wilson(0, 4).high, 10);
  await judge.encoder.close();
});
