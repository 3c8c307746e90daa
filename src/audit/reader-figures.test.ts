import { expect, test } from 'vitest';
import { flatImage } from '../../test/fixtures/image-files.ts';
import type { AttributeReader } from '../face/attribute-reader.ts';
import { portraitView } from '../face/portrait.ts';
import type { LabelledPortrait } from './load-portraits.ts';
import { readerFigures, readerRules, readerScores } from './reader-figures.ts';

/** Says of a face how red it is, above and below 100, and that everybody is young. */
const RED_READER: AttributeReader = {
  id: 'red',
  hash: '',
  attributes: ['Red', 'Young', 'Unknown'],
  view: portraitView(1),
  read: async (faces) => faces.map(({ data }) => Float32Array.of((data[0] ?? 0) - 100, 1, 0)),
  close: async () => {},
};

function face(red: number, isRed: boolean, number: number): LabelledPortrait {
  return {
    id: `${number}`,
    person: `person ${number}`,
    portrait: flatImage(1, 1, [red, 0, 0]),
    attributes: { Red: isRed, Young: true },
  };
}

const labelled = (rows: readonly (readonly [red: number, isRed: boolean])[]): LabelledPortrait[] =>
  rows.map(([red, isRed], i) => face(red, isRed, i));

test('measures accuracy above 0, and balanced accuracy above the threshold of other people', async () => {
  const known = labelled([
    [30, false],
    [40, false],
    [60, true],
    [70, true],
  ]);
  const others = labelled([
    [20, false],
    [45, false],
    [55, true],
    [150, true],
    [160, true],
  ]);
  const rules = readerRules(await readerScores(RED_READER, known));
  const figures = readerFigures(await readerScores(RED_READER, others), rules);
  // What all have, or nobody is labelled with, is left out.
  expect(figures.map(({ attribute }) => attribute)).toEqual(['Red']);
  expect(figures[0]).toMatchObject({ present: 3, absent: 2, threshold: -50 });
  expect(figures[0]?.accuracy).toMatchObject({ successes: 4, trials: 5 });
  expect(figures[0]?.balancedAccuracy.value).toBe(1);
  expect(figures[0]?.auc.value).toBe(1);
});

test('without other people, 0 is the threshold', async () => {
  const read = await readerScores(
    RED_READER,
    labelled([
      [20, false],
      [55, true],
      [150, true],
      [160, true],
      [170, true],
    ]),
  );
  expect(readerFigures(read)[0]).toMatchObject({ threshold: 0, balancedAccuracy: { value: (3 / 4 + 1) / 2 } });
});
