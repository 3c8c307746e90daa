import type { ReceiptEncoder, ReceiptFace, ReceiptTest, ReceiptVerdict } from './receipt.ts';
import { TRANSFORMATIONS } from './transformations.ts';

/** A verdict, and why. */
export interface Judgement {
  readonly verdict: ReceiptVerdict;
  readonly sentence: string;
}

/**
 * Judges one face by the encoders that the cloak was not made with: it protects where none of them recognises it after any transformation; partly, where that holds for
 * some of them. An encoder that does not recognise the clean photo either, or has no threshold, says nothing.
 *
 * Where nothing independent was tested the verdict is "untested", or "does not protect" where not even the encoders that it was made with are deceived.
 */
export function judgeFace(tests: readonly ReceiptTest[], encoders: readonly ReceiptEncoder[]): Judgement {
  const outcomes = encoders.map((encoder) => outcomeOf(encoder, tests));
  const judged = outcomes.filter(({ role, isJudged }) => role === 'held-out' && isJudged);
  if (judged.length === 0) return withoutIndependent(outcomes);
  const failing = judged.filter(({ recognisedAfter }) => recognisedAfter.length > 0);
  const holding = judged.filter((outcome) => !failing.includes(outcome));
  const names = (some: readonly Outcome[]): string => some.map(({ id }) => id).join(', ');
  if (failing.length === 0) {
    return {
      verdict: 'protects',
      sentence: `It protects against the independent encoders tested (${names(judged)}): none recognises the face at its threshold, as it is or after ${AFTER_ALL}.`,
    };
  }
  const still = failing.map(({ id, recognisedAfter }) => `${id} (${inWords(recognisedAfter)})`).join(', ');
  return holding.length === 0
    ? { verdict: 'does-not-protect', sentence: `It does not protect: the face is still recognised by ${still}.` }
    : {
        verdict: 'protects-partly',
        sentence: `It protects in part: ${names(holding)} no longer ${holding.length > 1 ? 'recognise' : 'recognises'} the face, but it is still recognised by ${still}.`,
      };
}

/** The verdict of a photo: that of its worst face. */
export function judgePhoto(faces: readonly Pick<ReceiptFace, 'verdict' | 'sentence'>[]): Judgement {
  const [first] = faces;
  if (!first) return { verdict: 'untested', sentence: 'Untested: no face was found in this photo.' };
  const worst = faces.reduce((a, b) => (SEVERITY[b.verdict] > SEVERITY[a.verdict] ? b : a), first);
  const { verdict, sentence } = worst;
  return { verdict, sentence: faces.length > 1 ? `Of ${faces.length} faces, the worst: ${sentence}` : sentence };
}

const SEVERITY: Readonly<Record<ReceiptVerdict, number>> = {
  'left-as-it-is': -1,
  protects: 0,
  untested: 1,
  'protects-partly': 2,
  'does-not-protect': 3,
};

const inWords = (recognisedAfter: readonly string[]): string =>
  recognisedAfter.length === TRANSFORMATIONS.length ? 'whatever is done to the photo' : recognisedAfter.join('; ');

const AFTER_ALL = 'JPEG, resizing, a screenshot and blur';

/** What one encoder says of a face. */
interface Outcome {
  readonly id: string;
  readonly role: ReceiptEncoder['role'];
  /** It has a threshold and something to compare with, and recognises the clean photo, as far as is known. */
  readonly isJudged: boolean;
  /** In words: after which transformations it recognises the face. */
  readonly recognisedAfter: readonly string[];
}

function outcomeOf({ id, role, threshold }: ReceiptEncoder, tests: readonly ReceiptTest[]): Outcome {
  const own = tests.filter(({ encoder }) => encoder === id);
  const plain = own.find(({ transformation }) => transformation === 'as-it-is');
  const wordsOf = (name: string): string => TRANSFORMATIONS.find((one) => one.name === name)?.words ?? name;
  const recognisedAfter = own
    .filter(({ recognised }) => recognised)
    .map(({ transformation }) => wordsOf(transformation));
  // What does not recognise the person in clean photos shows nothing by not recognising this one. A photo and its own cloaked copy need no further proof.
  const isKnown = plain?.recognisedBefore === true || (plain?.recognisedBefore === null && plain.samePhoto !== null);
  return {
    id,
    role,
    isJudged:
      threshold !== null && plain !== undefined && plain.recognised !== null && (recognisedAfter.length > 0 || isKnown),
    recognisedAfter,
  };
}

function withoutIndependent(outcomes: readonly Outcome[]): Judgement {
  const used = outcomes.filter(({ role, isJudged }) => role === 'used' && isJudged);
  const failing = used.filter(({ recognisedAfter }) => recognisedAfter.length > 0);
  if (used.length > 0 && failing.length === used.length) {
    return {
      verdict: 'does-not-protect',
      sentence: `It does not protect: even the encoders that the cloak was made with still recognise the face (${failing.map(({ id }) => id).join(', ')}).`,
    };
  }
  const heldOut = outcomes.filter(({ role }) => role === 'held-out');
  const why =
    heldOut.length === 0
      ? 'nothing independent was tested, only the encoders that the cloak was made with'
      : `no encoder that it was not made with could be judged: ${heldOut.map(({ id }) => id).join(', ')} has no threshold, or does not recognise the clean photo either, or there was nothing to compare with`;
  return {
    verdict: 'untested',
    sentence: `Untested on others: ${why}. Name other encoders with --test-encoders.`,
  };
}
