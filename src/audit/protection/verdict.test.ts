import { describe, expect, test } from 'vitest';
import type { ReceiptEncoder, ReceiptTest } from './receipt.ts';
import { TRANSFORMATION_NAMES, type TransformationName } from './transformations.ts';
import { judgeFace, judgePhoto } from './verdict.ts';

const THRESHOLD = { similarity: 0.5, fmr: 1e-3, dataset: 'LFW', impostorPairs: 1000 };

const encoder = (id: string, role: ReceiptEncoder['role'], isCalibrated = true): ReceiptEncoder => ({
  id,
  hash: id,
  role,
  threshold: isCalibrated ? THRESHOLD : null,
});

/** What an encoder says after each transformation: recognised after those named. */
const tests = (
  id: string,
  recognisedAfter: readonly TransformationName[],
  given: Partial<ReceiptTest> = {},
): ReceiptTest[] =>
  TRANSFORMATION_NAMES.map((transformation) => ({
    encoder: id,
    transformation,
    faceFound: true,
    samePhoto: 0.4,
    otherPhotos: null,
    rank: null,
    recognisedBefore: true,
    recognised: recognisedAfter.includes(transformation),
    ...given,
  }));

const ALL = TRANSFORMATION_NAMES;

describe('the verdict of a face', () => {
  test('protects only where no held-out encoder recognises it after anything', () => {
    const encoders = [encoder('mine', 'used'), encoder('other', 'held-out')];
    const judged = judgeFace([...tests('mine', []), ...tests('other', [])], encoders);
    expect(judged.verdict).toBe('protects');
    expect(judged.sentence).toContain('(other)');
    // One transformation that undoes it is enough.
    const undone = judgeFace([...tests('mine', []), ...tests('other', ['jpeg-75'])], encoders);
    expect(undone.verdict).toBe('does-not-protect');
    expect(undone.sentence).toBe('It does not protect: the face is still recognised by other (JPEG of quality 75).');
  });

  test('encoders that it was made with can make it neither better nor, beside others, worse', () => {
    const encoders = [encoder('mine', 'used'), encoder('other', 'held-out')];
    expect(judgeFace([...tests('mine', []), ...tests('other', ALL)], encoders).verdict).toBe('does-not-protect');
    expect(judgeFace([...tests('mine', ALL), ...tests('other', [])], encoders).verdict).toBe('protects');
  });

  test('in part where some are deceived', () => {
    const encoders = [encoder('mine', 'used'), encoder('a', 'held-out'), encoder('b', 'held-out')];
    const judged = judgeFace([...tests('mine', []), ...tests('a', []), ...tests('b', ALL)], encoders);
    expect(judged.verdict).toBe('protects-partly');
    expect(judged.sentence).toBe(
      'It protects in part: a no longer recognises the face, but it is still recognised by b (whatever is done to the photo).',
    );
  });

  test('untested where nothing independent was tested, and never better', () => {
    const judged = judgeFace(tests('mine', []), [encoder('mine', 'used')]);
    expect(judged.verdict).toBe('untested');
    expect(judged.sentence).toContain('nothing independent was tested');
    expect(judgeFace(tests('mine', ALL), [encoder('mine', 'used')]).verdict).toBe('does-not-protect');
  });

  test.each<[string, ReceiptEncoder, Partial<ReceiptTest>]>([
    ['has no threshold', encoder('other', 'held-out', false), { recognised: null, recognisedBefore: null }],
    ['does not recognise the clean photo either', encoder('other', 'held-out'), { recognisedBefore: false }],
    ['had nothing to compare with', encoder('other', 'held-out'), { recognised: null }],
  ])('an encoder that %s says nothing', (_, other, given) => {
    const judged = judgeFace([...tests('mine', []), ...tests('other', [], given)], [encoder('mine', 'used'), other]);
    expect(judged.verdict).toBe('untested');
    expect(judged.sentence).toContain('other');
  });
});

test('a photo is as well protected as its worst face', () => {
  const face = (verdict: 'protects' | 'does-not-protect' | 'untested') => ({ verdict, sentence: `It is ${verdict}.` });
  expect(judgePhoto([face('protects')])).toEqual(face('protects'));
  expect(judgePhoto([face('protects'), face('does-not-protect'), face('untested')])).toEqual({
    verdict: 'does-not-protect',
    sentence: 'Of 3 faces, the worst: It is does-not-protect.',
  });
  expect(judgePhoto([]).verdict).toBe('untested');
});
