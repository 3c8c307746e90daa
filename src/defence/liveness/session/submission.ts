import { answerTo } from '../decision.ts';
import { findRepeated, traceOf } from './capture-memory.ts';
import { type EvidenceBundle, signEvidence } from './evidence.ts';
import {
  type AuthenticMessage,
  authenticate,
  type Judgement,
  type JudgementInput,
  type JudgementRules,
  judge,
  refused,
  type StoreFacts,
} from './judgement.ts';
import type { SessionAuthority } from './nonce.ts';
import type { SessionStore } from './session-store.ts';

/** What the server has at the end of a session. */
export interface SubmissionResult {
  /** The only thing that the client is told; never a pass in an audit, whose outcome is the judgement's. */
  readonly answer: 'pass' | 'fail';
  readonly judgement: Judgement;
  readonly evidence: EvidenceBundle;
}

/**
 * Takes a capture in: reads it, uses up its nonce, counts the attempt, looks whether it was sent before, judges, signs the evidence. Every message gets an answer; none makes it throw but for a store that fails.
 *
 * An audit leaves nothing behind in the store but the used nonce: it locks nobody, and is not locked.
 *
 * An attempt counts as a failure of the nonce's subject until it has passed. What is not authentic counts for nobody, because nobody may lock others out: limit it by address.
 */
export async function submitCapture(
  input: Omit<JudgementInput, 'receivedMs'>,
  rules: JudgementRules,
  authority: SessionAuthority,
  store: SessionStore,
): Promise<SubmissionResult> {
  const received: JudgementInput = { ...input, receivedMs: authority.clock.nowMs() };
  const read = await authenticate(received, authority);
  const { judgement, facts } =
    'reason' in read
      ? { judgement: refused(read), facts: undefined }
      : await judgeOnce(read, received, rules, authority, store);
  return {
    answer: judgement.audit ? 'fail' : answerTo(judgement.decision),
    judgement,
    evidence: await signEvidence(received, facts, rules, judgement, authority.signer),
  };
}

async function judgeOnce(
  read: AuthenticMessage,
  received: JudgementInput,
  rules: JudgementRules,
  authority: SessionAuthority,
  store: SessionStore,
): Promise<{ readonly judgement: Judgement; readonly facts: StoreFacts }> {
  const facts = await askStore(read, received.receivedMs, store);
  const judgement = judge(read, received, facts, rules, authority);
  if (judgement.decision === 'pass' && !judgement.audit)
    await store.withdrawFailure(read.claims.subject, received.receivedMs);
  return { judgement, facts };
}

/** Of a locked subject the nonce is not used up: nothing was judged. What is judged is remembered, whatever comes of it. */
async function askStore(
  { claims, message, audit }: AuthenticMessage,
  nowMs: number,
  store: SessionStore,
): Promise<StoreFacts> {
  if (!audit && !(await store.beginAttempt(claims.subject, nowMs))) return { nonceUnused: true, locked: true };
  const nonceUnused = await store.useNonce(claims.once, claims.expiresMs, nowMs);
  if (audit || !nonceUnused) return { nonceUnused, locked: false };
  const trace = traceOf(message);
  const repeated = findRepeated(trace, await store.rememberCapture(claims.subject, trace, nowMs));
  return { nonceUnused: true, locked: false, ...(repeated ? { repeated } : {}) };
}
