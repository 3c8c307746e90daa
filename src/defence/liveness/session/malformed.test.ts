import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { secretStream } from '../../../util/secret-random.ts';
import { readCaptureMessage } from './capture-message.ts';
import { CAPTURE_LIMITS } from './frame-validation.ts';
import type { JudgementRules } from './judgement.ts';
import { openSession, type SessionAuthority } from './nonce.ts';
import { MemorySessionStore } from './session-store.ts';
import { hmacSigner } from './signature.ts';
import { submitCapture } from './submission.ts';

const KEY = new Uint8Array(32).fill(3);
const THRESHOLD = { logLikelihoodRatio: 0, apcer: 0, bpcer: 0, dataset: 'none' };
/** Lets everything pass that is judged at all. */
const RULES: JudgementRules = {
  checks: [],
  fusion: { offset: 1, weights: {}, dataset: 'none' },
  policy: { pass: THRESHOLD, refuse: THRESHOLD, required: [], leastQuality: 0 },
  limits: CAPTURE_LIMITS,
};

const AUTHORITY: SessionAuthority = {
  signer: await hmacSigner(KEY),
  stream: (label) => secretStream(KEY, label),
  fresh: () => new Uint8Array(32).fill(5),
  clock: { nowMs: () => 7 },
};
const SESSION = await openSession('somebody', AUTHORITY);

/** Well formed, though too short to be judged. */
const goodMessage = (): Record<string, unknown> & { readonly frames: readonly unknown[] } => ({
  schema: 'faceward.capture/1',
  session: SESSION.id,
  nonce: SESSION.nonce,
  frames: Array.from({ length: 4 }, (_, f) => ({
    timeMs: 33 * f,
    hash: `${f}`.repeat(64),
    landmarks: Array.from({ length: 136 }, (_, i) => i + Math.sin(f + i)),
    tracks: [1, 2, 3, 4],
  })),
});

const submit = (text: string) =>
  submitCapture(
    { text, session: SESSION.id, marked: false, observations: {} },
    RULES,
    AUTHORITY,
    new MemorySessionStore(),
  );

type Tree = Record<string, unknown> | unknown[];

/** All the places in a message: what holds it, and under which key. */
function placesIn(tree: Tree): (readonly [Tree, string])[] {
  return Object.entries(tree).flatMap(([key, value]) => [
    [tree, key] as const,
    ...(typeof value === 'object' && value !== null ? placesIn(value as Tree) : []),
  ]);
}

/** Whatever no field allows. */
const WRONG: readonly unknown[] = [
  null,
  true,
  {},
  [],
  [[]],
  '',
  'x',
  '0'.repeat(63),
  'é'.repeat(64),
  -1e9,
  1e300,
  '__proto__',
  { length: 136 },
  'NaN',
  '\u0000',
  { toString: 1 },
];

/** One place of a good message is spoilt, in a way that no field allows. */
function spoilt(random: Random): string {
  const message = goodMessage();
  const places = placesIn(message);
  const [holder, key]: readonly [Tree, string] = places[random.integer(places.length)] ?? [message, 'schema'];
  const way = random.integer(4);
  const put = (value: unknown): void => {
    if (Array.isArray(holder)) holder[Number(key)] = value;
    else holder[key] = value;
  };
  if (way === 0) put(WRONG[random.integer(WRONG.length)]);
  else if (way === 1 && !Array.isArray(holder)) delete holder[key];
  else if (way === 2 && !Array.isArray(holder)) holder[`${key} `] = holder[key];
  else {
    const text = JSON.stringify(message);
    return text.slice(0, random.integer(text.length - 1));
  }
  return JSON.stringify(message);
}

test('a good message is read, so that what follows is refused for what was spoilt', async () => {
  const { judgement } = await submit(JSON.stringify(goodMessage()));
  expect(readCaptureMessage(JSON.stringify(goodMessage()))?.frames).toHaveLength(4);
  expect(judgement.refusal?.reason).toBe('length-out-of-range');
});

test('10,000 malformed messages are refused, with a typed answer', async () => {
  const random = new Random('malformed messages');
  const reasons = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const message = spoilt(random);
    const { answer, judgement, evidence } = await submit(message);
    if (answer !== 'fail' || judgement.decision !== 'refuse' || evidence.signature.length !== 64)
      expect.fail(`not refused: ${message}`);
    const reason = judgement.refusal?.reason ?? 'none';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  // A nonce that is another text is well formed, and forged.
  expect([...reasons.keys()].every((reason) => ['malformed', 'forged-nonce'].includes(reason))).toBe(true);
  expect(reasons.get('malformed')).toBeGreaterThan(9500);
}, 30_000);

describe('refused without a throw is', () => {
  test('any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => (await submit(text)).judgement.refusal?.reason === 'malformed'),
      { numRuns: 500, seed: 1 },
    );
  });

  test('any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 300 }),
        async (text) => (await submit(text)).answer === 'fail',
      ),
      { numRuns: 500, seed: 2 },
    );
  });

  test.each([
    ['deep nesting', '['.repeat(200_000)],
    ['a prototype', '{"__proto__":{"schema":"faceward.capture/1"}}'],
    ['a text that is too long', `"${'x'.repeat(2 ** 24)}"`],
    ['a number beyond all', JSON.stringify(goodMessage()).replace('"timeMs":33', '"timeMs":1e999')],
  ])('%s', async (_, text) => {
    expect((await submit(text)).judgement.refusal?.reason).toBe('malformed');
  });
});
