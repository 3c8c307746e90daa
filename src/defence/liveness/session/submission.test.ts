import { describe, expect, test } from 'vitest';
import { syntheticCapture } from '../../../../test/fixtures/synthetic-capture.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { secretStream } from '../../../util/secret-random.ts';
import { cameraCheck, LEAST_CAMERA_SCORE } from '../checks/camera.ts';
import { challengeFollowed } from '../checks/challenge-followed.ts';
import type { Measurement, Observations } from '../checks/check.ts';
import { observedCheck } from '../checks/observed.ts';
import { repeatedMotion } from '../checks/repeated-motion.ts';
import { COLOUR_FLASH_CHECK } from '../light/colour-flash.ts';
import { type AuditPermission, issueAuditToken, readAuditToken } from './audit-token.ts';
import type { CaptureMessage } from './capture-message.ts';
import { CHALLENGE_MS } from './challenge.ts';
import { replayEvidence } from './evidence.ts';
import { CAPTURE_LIMITS } from './frame-validation.ts';
import type { JudgementInput, JudgementRules } from './judgement.ts';
import { type LivenessSession, openSession, readNonce, type SessionAuthority } from './nonce.ts';
import { MemorySessionStore } from './session-store.ts';
import { hmacSigner } from './signature.ts';
import { submitCapture } from './submission.ts';

const KEY = new Uint8Array(32).fill(9);
const LIMITS = { bonaFide: 10, attacks: 10, limit: 3, dataset: 'made up' };
const THRESHOLD = { apcer: 0, bpcer: 0, dataset: 'made up' };
const RULES: JudgementRules = {
  checks: [
    challengeFollowed({ ...LIMITS, slope: 6, offset: -3 }),
    repeatedMotion({ ...LIMITS, slope: 1, offset: 2 }),
    observedCheck('pixels', { ...LIMITS, slope: 2, offset: 0 }),
  ],
  fusion: { offset: 0, weights: { 'challenge-followed': 1, 'repeated-motion': 0.1, pixels: 3 }, dataset: 'made up' },
  policy: {
    pass: { ...THRESHOLD, logLikelihoodRatio: 1 },
    refuse: { ...THRESHOLD, logLikelihoodRatio: -1 },
    required: ['challenge-followed'],
    leastQuality: 0.5,
  },
  limits: CAPTURE_LIMITS,
};

/** A server whose time is set by hand. */
async function server() {
  const time = { nowMs: 1_000_000 };
  const random = new Random(1);
  const authority: SessionAuthority = {
    signer: await hmacSigner(KEY),
    stream: (label) => secretStream(KEY, label),
    fresh: () => Uint8Array.from({ length: 32 }, () => random.integer(256)),
    clock: { nowMs: () => time.nowMs },
  };
  const store = new MemorySessionStore();
  const open = (): Promise<LivenessSession> => openSession('somebody', authority);
  const submit = (
    text: string,
    session: string,
    { marked = false, observations = {}, auditToken }: Partial<JudgementInput> = {},
  ) => submitCapture({ text, session, marked, observations, auditToken }, RULES, authority, store);
  const captureOf = ({ id, nonce, challenge }: LivenessSession): CaptureMessage =>
    syntheticCapture(challenge, { session: id, nonce, random });
  return { time, authority, store, open, submit, captureOf };
}

const UPLOAD_MS = 23_000;
const text = (message: unknown): string => JSON.stringify(message);

/** A session, a capture of it that was changed, and what became of it. */
async function submitted(change: (capture: CaptureMessage) => unknown, waitMs = UPLOAD_MS) {
  const own = await server();
  const session = await own.open();
  own.time.nowMs += waitMs;
  return own.submit(text(change(own.captureOf(session))), session.id);
}

test('who does what is asked passes', async () => {
  const { answer, judgement } = await submitted((capture) => capture);
  expect(judgement.refusal).toBeUndefined();
  expect([answer, judgement.decision]).toEqual(['pass', 'pass']);
});

test('who does something else fails, and is told no more', async () => {
  const own = await server();
  const [asked, other] = [await own.open(), await own.open()];
  own.time.nowMs += UPLOAD_MS;
  const capture = { ...own.captureOf({ ...asked, challenge: other.challenge }) };
  const { answer, judgement } = await own.submit(text(capture), asked.id);
  expect([answer, judgement.decision, judgement.refusal]).toEqual(['fail', 'refuse', undefined]);
});

test('what was seen in the frames counts, whatever the message says', async () => {
  const own = await server();
  const judged = async (observations: Observations, message: Record<string, unknown> = {}) => {
    const session = await own.open();
    own.time.nowMs += UPLOAD_MS;
    return own.submit(text({ ...own.captureOf(session), ...message }), session.id, { observations });
  };
  const attack = { pixels: { score: -1, quality: 1, reason: 'a screen' } };
  expect((await judged({ pixels: { score: 1, quality: 1, reason: 'a face' } })).answer).toBe('pass');
  expect((await judged(attack)).judgement.decision).toBe('refuse');
  expect((await judged({ pixels: { notApplicable: 'no face' } })).answer).toBe('pass');
  expect((await judged(attack, { observations: {} })).judgement.refusal?.reason).toBe('malformed');
});

test('who hides from the colours that are shown has to try again, and nobody is to be seen in colours that are not', async () => {
  const flash = observedCheck(COLOUR_FLASH_CHECK, { ...LIMITS, slope: 1, offset: 0 });
  const policy = { ...RULES.policy, required: [...RULES.policy.required, COLOUR_FLASH_CHECK] };
  const rules = { ...RULES, checks: [...RULES.checks, flash], policy };
  const judged = async (light: boolean, measured: Measurement) => {
    const own = await server();
    const session = await openSession('somebody', own.authority, { light });
    own.time.nowMs += UPLOAD_MS;
    const observations = { [COLOUR_FLASH_CHECK]: measured };
    const input = { text: text(own.captureOf(session)), session: session.id, marked: false, observations };
    return (await submitCapture(input, rules, own.authority, own.store)).judgement.decision;
  };
  const seen = { score: 0.7, quality: 1, reason: 'made up' };
  expect(await judged(true, seen)).toBe('pass');
  expect(await judged(true, { notApplicable: 'skin is seen in 0 frames of the flashes' })).toBe('retry');
  expect(await judged(true, { ...seen, quality: 0.1 })).toBe('retry');
  expect(await judged(false, { notApplicable: 'no colours were flashed' })).toBe('pass');
});

test('a capture holds the flashes too, but in a session without light', async () => {
  for (const [light, expected] of [
    [true, 'length-out-of-range'],
    [false, undefined],
  ] as const) {
    const own = await server();
    const session = await openSession('somebody', own.authority, { light });
    own.time.nowMs += 20_000;
    const capture = own.captureOf(session);
    const frames = capture.frames.filter(({ timeMs }) => timeMs < CHALLENGE_MS);
    const { judgement } = await own.submit(text({ ...capture, frames }), session.id);
    expect(judgement.refusal?.reason).toBe(expected);
    expect(judgement.decision === 'pass').toBe(!light);
  }
});

test('who says that the camera is a virtual one is asked for another proof, and the evidence shows why', async () => {
  const own = await server();
  const session = await own.open();
  own.time.nowMs += UPLOAD_MS;
  const camera = { label: 'OBS Virtual Camera', widthPx: 640, heightPx: 480, changes: [] };
  const rules: JudgementRules = {
    ...RULES,
    checks: [...RULES.checks, cameraCheck],
    policy: { ...RULES.policy, leastScores: { camera: LEAST_CAMERA_SCORE } },
  };
  const message = text({ ...own.captureOf(session), camera });
  const input = { text: message, session: session.id, marked: false, observations: {} };
  const { answer, judgement, evidence } = await submitCapture(input, rules, own.authority, own.store);
  expect([answer, judgement.decision, judgement.veto]).toEqual(['fail', 'step-up', undefined]);
  expect(judgement.results.find(({ name }) => name === 'camera')?.reason).toContain('virtual');
  expect((await replayEvidence(evidence, rules.checks, own.authority)).sameFigures).toBe(true);
});

const edited = (edit: (frames: CaptureMessage['frames'][number][]) => CaptureMessage['frames'][number][]) => {
  return (capture: CaptureMessage) => ({ ...capture, frames: edit([...capture.frames]) });
};
const withTimes = (time: (ms: number, f: number) => number) =>
  edited((frames) => frames.map((frame, f) => ({ ...frame, timeMs: time(frame.timeMs, f) })));

describe('refused is', () => {
  test.each([
    ['malformed', (capture: CaptureMessage) => ({ ...capture, more: 1 }), UPLOAD_MS],
    ['forged-nonce', (capture: CaptureMessage) => ({ ...capture, nonce: `${capture.nonce.slice(0, -1)}x` }), UPLOAD_MS],
    ['other-session', (capture: CaptureMessage) => ({ ...capture, session: '0'.repeat(32) }), UPLOAD_MS],
    ['expired-nonce', (capture: CaptureMessage) => capture, 60_000],
    ['shuffled-frames', edited((frames) => new Random(2).shuffle(frames)), UPLOAD_MS],
    [
      'shuffled-frames',
      // Times are put in order again.
      edited((frames) => new Random(2).shuffle(frames).map((frame, f) => ({ ...frame, timeMs: 1000 * (f / 15) }))),
      UPLOAD_MS,
    ],
    [
      'doubled-frames',
      edited((frames) => frames.map((frame, f) => ({ ...frame, hash: frames[f - (f % 2)]?.hash ?? '' }))),
      UPLOAD_MS,
    ],
    [
      'doubled-frames',
      // Encoded anew: another hash, the same face.
      edited((frames) =>
        frames.map((frame, f) =>
          f === 90 ? { ...(frames[89] ?? frame), hash: frame.hash, timeMs: frame.timeMs } : frame,
        ),
      ),
      UPLOAD_MS,
    ],
    ['clock-not-rising', withTimes((ms, f) => (f === 30 ? ms - 200 : ms)), UPLOAD_MS],
    ['clock-not-rising', withTimes((ms, f) => (f > 100 ? ms - 5000 : ms)), UPLOAD_MS],
    ['wrong-clock', withTimes((ms) => 1.1 * ms), 19_000],
    ['wrong-clock', (capture: CaptureMessage) => capture, 45_000],
    ['length-out-of-range', edited((frames) => frames.slice(0, 150)), UPLOAD_MS],
    ['length-out-of-range', edited((frames) => frames.slice(20)), UPLOAD_MS],
    ['rate-out-of-range', edited((frames) => frames.filter((_, f) => f % 2 === 0)), UPLOAD_MS],
    ['rate-out-of-range', edited((frames) => frames.filter((_, f) => f < 100 || f > 110)), UPLOAD_MS],
  ] as const)('%s (%#)', async (reason, change, waitMs) => {
    const { answer, judgement } = await submitted(change, waitMs);
    expect([answer, judgement.decision, judgement.refusal?.reason]).toEqual(['fail', 'refuse', reason]);
  });

  test('a nonce that was used, though the message is another one', async () => {
    const own = await server();
    const session = await own.open();
    own.time.nowMs += UPLOAD_MS;
    expect((await own.submit(text(own.captureOf(session)), session.id)).answer).toBe('pass');
    const { answer, judgement } = await own.submit(text(own.captureOf(session)), session.id);
    expect([answer, judgement.refusal?.reason, judgement.veto]).toEqual(['fail', 'replayed-nonce', 'replay']);
  });

  test.each([
    ['its very frames', 'frames', (frame: CaptureMessage['frames'][number]) => frame],
    [
      'encoded anew',
      'motion',
      (frame: CaptureMessage['frames'][number]) => ({
        ...frame,
        hash: [...frame.hash].toReversed().join(''),
        landmarks: frame.landmarks.map((value) => 1.1 * value),
      }),
    ],
  ])('a capture of an earlier session, %s, until it is erased', async (_, by, change) => {
    const own = await server();
    const [one, other, third] = [await own.open(), await own.open(), await own.open()];
    own.time.nowMs += UPLOAD_MS;
    const capture = own.captureOf(one);
    expect((await own.submit(text(capture), one.id)).answer).toBe('pass');
    const again = ({ id, nonce }: LivenessSession): string =>
      text({ ...capture, session: id, nonce, frames: capture.frames.map(change) });
    const { answer, judgement, evidence } = await own.submit(again(other), other.id);
    expect([answer, judgement.refusal?.reason, judgement.veto]).toEqual(['fail', 'replayed-capture', 'replay']);
    expect(JSON.parse(evidence.body).facts.repeated.by).toBe(by);
    expect((await replayEvidence(evidence, RULES.checks, own.authority)).sameFigures).toBe(true);
    await own.store.eraseCaptures('somebody');
    expect((await own.submit(again(third), third.id)).judgement.refusal).toBeUndefined();
  });

  test('another session’s capture, before its nonce is used up', async () => {
    const own = await server();
    const [one, other] = [await own.open(), await own.open()];
    own.time.nowMs += UPLOAD_MS;
    const { judgement } = await own.submit(text(own.captureOf(one)), other.id);
    expect([judgement.refusal?.reason, judgement.veto]).toEqual(['other-session', 'nonce']);
    expect((await own.submit(text(own.captureOf(one)), one.id)).answer).toBe('pass');
  });

  test('another session’s nonce, in a message that says it is of this one', async () => {
    const own = await server();
    const [one, other] = [await own.open(), await own.open()];
    own.time.nowMs += UPLOAD_MS;
    const { judgement } = await own.submit(text({ ...own.captureOf(one), session: other.id }), other.id);
    expect([judgement.refusal?.reason, judgement.veto]).toEqual(['other-session', 'nonce']);
  });

  test('our own mark, however well the challenge was followed', async () => {
    const own = await server();
    const session = await own.open();
    own.time.nowMs += UPLOAD_MS;
    const { answer, judgement } = await own.submit(text(own.captureOf(session)), session.id, { marked: true });
    expect([answer, judgement.decision, judgement.veto]).toEqual(['fail', 'refuse', 'own-mark']);
  });

  test('everybody who failed five times, for half an hour', async () => {
    const own = await server();
    const attempt = async (follows: boolean) => {
      const session = await own.open();
      own.time.nowMs += UPLOAD_MS;
      const capture = own.captureOf(follows ? session : { ...session, challenge: [] });
      return own.submit(text(capture), session.id);
    };
    for (let failure = 0; failure < 5; failure++)
      expect((await attempt(false)).judgement.refusal?.reason).not.toBe('locked');
    const { answer, judgement } = await attempt(true);
    expect([answer, judgement.refusal?.reason]).toEqual(['fail', 'locked']);
    own.time.nowMs += 30 * 60_000;
    expect((await attempt(true)).answer).toBe('pass');
  });
});

describe('an audit', () => {
  const OWNERSHIP = 'our own verification, ticket 4711';
  /** A marked capture of a session, shown with a token. */
  const audited = async (
    permission: Partial<AuditPermission> = {},
    { marked = true, issuedBy = KEY, follows = true } = {},
  ) => {
    const own = await server();
    const session = await own.open();
    own.time.nowMs += UPLOAD_MS;
    const expiresMs = own.time.nowMs + 3_600_000;
    const allowed = { ownership: OWNERSHIP, subjects: ['nobody', 'somebody'], expiresMs, ...permission };
    const auditToken = await issueAuditToken(allowed, await hmacSigner(issuedBy));
    const submit = async (one: LivenessSession) =>
      own.submit(text(own.captureOf(follows ? one : { ...one, challenge: [] })), one.id, { marked, auditToken });
    return { ...own, session, submitAudited: submit, result: await submit(session) };
  };

  test('of our own mark is judged as if it bore none, lets nobody in, and says whose it is', async () => {
    const { result, authority } = await audited();
    const { answer, judgement, evidence } = result;
    expect([judgement.decision, judgement.veto, judgement.audit]).toEqual([
      'pass',
      undefined,
      { ownership: OWNERSHIP },
    ]);
    expect(answer).toBe('fail');
    expect(JSON.parse(evidence.body).judgement.audit.ownership).toBe(OWNERSHIP);
    expect((await replayEvidence(evidence, RULES.checks, authority)).sameFigures).toBe(true);
  });

  test('lets nobody in without a mark either', async () => {
    const { result } = await audited({}, { marked: false });
    expect([result.answer, result.judgement.decision]).toEqual(['fail', 'pass']);
  });

  test.each([
    ['is expired', { expiresMs: 1 }, {}],
    ['is for others', { subjects: ['nobody'] }, {}],
    ['others issued', {}, { issuedBy: KEY.map((byte) => byte + 1) }],
  ])('with a token that %s is none', async (_, permission, options) => {
    const { answer, judgement } = (await audited(permission, options)).result;
    expect([answer, judgement.decision, judgement.veto, judgement.audit]).toEqual([
      ...['fail', 'refuse', 'own-mark', undefined],
    ]);
    const unmarked = (await audited(permission, { ...options, marked: false })).result;
    expect([unmarked.answer, unmarked.judgement.audit]).toEqual(['pass', undefined]);
  });

  test('is refused with a nonce that was used, and says so as an audit', async () => {
    const { submitAudited, session } = await audited();
    const { judgement } = await submitAudited(session);
    expect([judgement.veto, judgement.audit]).toEqual(['replay', { ownership: OWNERSHIP }]);
  });

  test('neither locks the subject nor forgets its failures', async () => {
    const own = await audited({}, { follows: false });
    for (let attempt = 0; attempt < 6; attempt++) {
      const { judgement } = await own.submitAudited(await own.open());
      expect(judgement.refusal?.reason).not.toBe('locked');
    }
    for (let failure = 0; failure < 5; failure++) await own.store.beginAttempt('somebody', own.time.nowMs);
    expect(await own.store.beginAttempt('somebody', own.time.nowMs)).toBe(false);
    await own.submitAudited(await own.open());
    expect(await own.store.beginAttempt('somebody', own.time.nowMs)).toBe(false);
  });

  test('needs an owner, and somebody to be audited', async () => {
    const signer = await hmacSigner(KEY);
    const permission = { ownership: OWNERSHIP, subjects: ['nobody'], expiresMs: 5 };
    for (const lacking of [{ ownership: ' ' }, { subjects: [] }, { subjects: [''] }, { expiresMs: Number.NaN }])
      await expect(issueAuditToken({ ...permission, ...lacking }, signer)).rejects.toThrow(InputError);
    const token = await issueAuditToken(permission, signer);
    expect(await readAuditToken(token, { subject: 'nobody', nowMs: 4 }, signer)).toEqual(permission);
    expect(await readAuditToken(token, { subject: 'nobody', nowMs: 5 }, signer)).toBeUndefined();
    expect(await readNonce(token, signer)).toBeUndefined();
  });
});

describe('evidence', () => {
  const made = async (
    change: (capture: CaptureMessage) => unknown = (capture) => capture,
    observations: Observations = {},
  ) => {
    const own = await server();
    const session = await own.open();
    own.time.nowMs += UPLOAD_MS;
    const { evidence } = await own.submit(text(change(own.captureOf(session))), session.id, { observations });
    return { ...own, evidence };
  };

  test.each([
    ['a pass', (capture: CaptureMessage) => capture],
    ['a refusal', edited((frames) => frames.toReversed())],
    ['a malformed message', () => 'nothing'],
  ])('of %s gives the same decision again, with every figure', async (_, change) => {
    const { evidence, authority } = await made(change);
    const { sameDecision, sameFigures } = await replayEvidence(evidence, RULES.checks, authority);
    expect([sameDecision, sameFigures]).toEqual([true, true]);
  });

  test.each([
    ['a measurement', { pixels: { score: -0.1 / 3, quality: 2 / 3, reason: 'a screen, perhaps' } }, true],
    ['a measurement that failed', { pixels: { score: Number.NaN, quality: Number.NaN, reason: '' } }, false],
    ['a reason for none', { pixels: { notApplicable: 'no face' } }, false],
  ])('holds %s of the frames, and needs none of them for the same figures', async (_, observations, applies) => {
    const { evidence, authority } = await made(undefined, observations);
    const { again, sameFigures } = await replayEvidence(evidence, RULES.checks, authority);
    expect(sameFigures).toBe(true);
    expect(again.results.find(({ name }) => name === 'pixels')?.applicable).toBe(applies);
  });

  test('of another version is refused', async () => {
    const { evidence, authority } = await made();
    const body = evidence.body.replace('liveness-evidence/3', 'liveness-evidence/1');
    const signature = await authority.signer.sign('liveness evidence', body);
    await expect(replayEvidence({ body, signature }, RULES.checks, authority)).rejects.toThrow('liveness-evidence/1');
  });

  test('that was changed, or signed by others, is refused', async () => {
    const { evidence, authority } = await made();
    const changed = { ...evidence, body: evidence.body.replace('"decision":"pass"', '"decision":"fail"') };
    expect(changed.body).not.toBe(evidence.body);
    await expect(replayEvidence(changed, RULES.checks, authority)).rejects.toThrow(InputError);
    const others = { ...authority, signer: await hmacSigner(KEY.map((byte) => byte + 1)) };
    await expect(replayEvidence(evidence, RULES.checks, others)).rejects.toThrow(InputError);
  });

  test('shows a decision that does not follow from what was recorded', async () => {
    const { evidence, authority } = await made();
    const body = evidence.body.replace('"decision":"pass"', '"decision":"refuse"');
    const signature = await authority.signer.sign('liveness evidence', body);
    const replay = await replayEvidence({ body, signature }, RULES.checks, authority);
    expect([replay.sameDecision, replay.again.decision]).toEqual([false, 'pass']);
  });

  test('needs the checks as they were calibrated', async () => {
    const { evidence, authority } = await made();
    const others = [challengeFollowed({ ...LIMITS, slope: 7, offset: -3 }), ...RULES.checks.slice(1)];
    await expect(replayEvidence(evidence, others, authority)).rejects.toThrow(InputError);
  });
});
