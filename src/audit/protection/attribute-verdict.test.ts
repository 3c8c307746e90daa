import { describe, expect, test } from 'vitest';
import { attributeFace, attributeReceipt } from '../../../test/fixtures/receipts.ts';
import { summariseLeakage } from './attribute-summary.ts';
import { agrees, judgeAttributes } from './attribute-verdict.ts';
import { judgeCovered } from './make-attribute-receipt.ts';
import type { ReceiptEncoder, ReceiptTest } from './receipt.ts';
import { readReceipt, writeReceipt } from './receipt.ts';

const ENCODERS: readonly ReceiptEncoder[] = [
  { id: 'mine', hash: 'h', role: 'used', threshold: null },
  { id: 'other', hash: 'i', role: 'held-out', threshold: null },
];
const recognised = (encoder: string, answer: boolean | null): ReceiptTest => ({
  encoder,
  transformation: 'as-it-is',
  faceFound: true,
  samePhoto: 0.9,
  otherPhotos: null,
  rank: null,
  recognisedBefore: null,
  recognised: answer,
});
const TESTS = [recognised('mine', true), recognised('other', true)];

describe('the verdict of hidden attributes', () => {
  test('protects where every judge reads what was drawn, after everything', () => {
    const { verdict, sentence } = judgeAttributes(
      attributeFace({ Male: { before: 0.9, target: -0.8, after: [0.1, 0.2] } }),
      TESTS,
      ENCODERS,
    );
    expect(verdict).toBe('protects');
    expect(sentence).toBe(
      'Hidden attributes: Male is read as drawn. Still recognised by mine (used for the budget). Still recognised by other (held out).',
    );
  });

  test('does not where one transformation brings the truth back', () => {
    const face = attributeFace({ Male: { before: 0.9, target: -0.8, after: [0.1, 0.8] } });
    expect(judgeAttributes(face, TESTS, ENCODERS).verdict).toBe('does-not-protect');
  });

  test('protects in part where that holds for some, and says which cannot be hidden within the budget', () => {
    const face = attributeFace({
      Male: { before: 0.9, target: -0.8, after: [0.9, 0.9], outcome: 'not-within-budget' },
      Eyeglasses: { before: 0.9, target: -0.7, after: [0.1, 0.1] },
    });
    const judged = judgeAttributes({ ...face, bound: 'mine' }, TESTS, ENCODERS);
    expect(judged.verdict).toBe('protects-partly');
    expect(judged.sentence).toContain('The budget of the match with mine did not allow more: Male cannot be hidden');
  });

  test('is untested where the draw agrees with the face, which would look alike had nothing been done', () => {
    const nothingDone = attributeFace({ Male: { before: 0.9, target: 0.8, after: [0.9, 0.9] } });
    expect(judgeAttributes(nothingDone, TESTS, ENCODERS)).toMatchObject({
      verdict: 'untested',
      sentence: expect.stringContaining('one photo shows nothing'),
    });
  });

  test('is untested without a judge, and without anything hidden', () => {
    const face = attributeFace({ Male: { before: 0.9, target: -0.8, after: [] } });
    expect(judgeAttributes(face, TESTS, ENCODERS).verdict).toBe('untested');
    const edited = attributeFace({ Smiling: { before: 0.1, target: 1, after: [0.9], role: 'edited' } });
    expect(judgeAttributes(edited, TESTS, ENCODERS)).toMatchObject({
      verdict: 'untested',
      sentence: expect.stringContaining('which hides nothing'),
    });
  });

  test('says where the match is lost', () => {
    const face = attributeFace({ Male: { before: 0.9, target: -0.8, after: [0.1] } });
    const tests = [recognised('mine', true), recognised('other', false)];
    expect(judgeAttributes(face, tests, ENCODERS).sentence).toContain(
      'Recognised by other (held out) in 0 of 1 tests.',
    );
    expect(judgeAttributes(face, [], ENCODERS).sentence).toContain('was not tested');
    const neverKnown = { ...recognised('other', false), recognisedBefore: false };
    expect(judgeAttributes(face, [neverKnown], ENCODERS).sentence).toContain('in 0 of 1 tests; the clean photo in 0.');
  });
});

test('a blurred face that is still recognised is not protected; covered, it is', () => {
  expect(judgeCovered('blur', true, [recognised('mine', false)]).verdict).toBe('protects-partly');
  expect(judgeCovered('blur', true, [recognised('mine', false), recognised('other', true)])).toMatchObject({
    verdict: 'does-not-protect',
    sentence: 'Blurred, and still recognised by other: cover it.',
  });
  expect(judgeCovered('fill', false, []).verdict).toBe('protects');
});

test('the middle is what cannot be decided', () => {
  expect([0.1, 0.26, 0.5, 0.74, 0.9].map((value) => agrees(value, 0))).toEqual([false, true, true, true, false]);
  expect([agrees(0.4, -0.6), agrees(0.6, -0.6), agrees(0.6, 0.6)]).toEqual([true, false, true]);
});

describe('over all faces', () => {
  // Three of four are read as before; a draw would have agreed with two of them.
  const receipts = [0.9, 0.8, 0.7, 0.2].map((after, i) =>
    attributeReceipt(`${i}.jpg`, { Male: { before: 0.9, target: 0.7, after: [after], chance: 0.5 } }),
  );

  test('agreement with the truth is beside what chance gives', () => {
    const [row, ...others] = summariseLeakage(receipts);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ attribute: 'Male', judge: 'judge', transformation: 'as-it-is', chance: 0.5 });
    expect(row?.agreement).toMatchObject({ successes: 3, trials: 4 });
  });

  test('a judge that reads the clean face otherwise than the editor’s reader has the other chance', () => {
    const face = { Male: { before: 0.9, target: 0.7, after: [0.9], chance: 0.4 } };
    const one = attributeReceipt('a.jpg', face);
    const otherwise = one.faces.map(({ attributes, ...rest }) => ({
      ...rest,
      attributes: attributes && {
        ...attributes,
        goals: attributes.goals.map((goal) => ({ ...goal, before: -goal.before })),
      },
    }));
    expect(summariseLeakage([one])[0]?.chance).toBe(0.4);
    expect(summariseLeakage([{ ...one, faces: otherwise }])[0]?.chance).toBe(0.6);
  });

  test('what is not hidden does not count', () => {
    expect(
      summariseLeakage([
        attributeReceipt('a.jpg', { Smiling: { before: 0.9, target: 1, after: [0.9], role: 'left' } }),
      ]),
    ).toEqual([]);
  });

  test('receipts keep to their schema', () => {
    for (const receipt of receipts) expect(readReceipt(writeReceipt(receipt), 'here')).toEqual(receipt);
  });
});
