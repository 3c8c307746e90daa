import type { CheckInput, CheckResult, LivenessCheck, Observations } from '../checks/check.ts';
import { type Decision, type DecisionPolicy, decide, type Veto, vetoOf } from '../decision.ts';
import { type FusedEvidence, type FusionCalibration, fuse } from '../fusion.ts';
import type { EnrolledShape } from '../geometry/enrolment.ts';
import { COLOUR_FLASH_CHECK } from '../light/colour-flash.ts';
import { type AuditPermission, readAuditToken } from './audit-token.ts';
import type { RepeatedCapture } from './capture-memory.ts';
import { type CaptureMessage, readCaptureMessage } from './capture-message.ts';
import { type Flashes, sessionMs } from './flashes.ts';
import { type CaptureLimits, refuseFrames } from './frame-validation.ts';
import { challengeOf, flashesOf, type NonceClaims, readNonce, type SessionAuthority } from './nonce.ts';
import type { Refusal } from './refusal.ts';

/** By what a capture is judged. */
export interface JudgementRules {
  readonly checks: readonly LivenessCheck[];
  readonly fusion: FusionCalibration;
  readonly policy: DecisionPolicy;
  readonly limits: CaptureLimits;
}

/** All that a judgement depends on, beside the rules and the server's secret. */
export interface JudgementInput {
  /** The message, as it came. */
  readonly text: string;
  /** The session that the connection belongs to, as the server knows it: never taken from the message. */
  readonly session: string;
  readonly receivedMs: number;
  /** Whether our own mark was found in a frame. */
  readonly marked: boolean;
  /** What the frames showed, as the server measured it: never taken from the message. */
  readonly observations: Observations;
  /** Undefined where none was enrolled. */
  readonly enrolledShape?: EnrolledShape | undefined;
  /** Of an audit (`issueAuditToken`): where it is valid our own mark is no veto. One that is not valid changes nothing. */
  readonly auditToken?: string | undefined;
}

/** What only the store knows, at the moment of the judgement. */
export interface StoreFacts {
  readonly nonceUnused: boolean;
  readonly locked: boolean;
  /** How a capture of an earlier session of the subject came again; undefined where none did. */
  readonly repeated?: RepeatedCapture | undefined;
}

/** What came of a capture; none of it is for the client. */
export interface Judgement {
  readonly decision: Decision;
  readonly veto?: Veto | undefined;
  /** Where it could not be judged. */
  readonly refusal?: Refusal | undefined;
  readonly results: readonly CheckResult[];
  readonly fused?: FusedEvidence | undefined;
  /** Whose audit it was made for; then nobody is let in by it, whatever the decision. */
  readonly audit?: Pick<AuditPermission, 'ownership'> | undefined;
}

/** A message whose nonce is ours, of this session and in time. */
export interface AuthenticMessage {
  readonly message: CaptureMessage;
  readonly claims: NonceClaims;
  /** Undefined where no audit is allowed. */
  readonly audit?: AuditPermission | undefined;
}

/** Reads a message and its nonce: the part of a judgement that comes before the store is asked. */
export async function authenticate(
  { text, session, receivedMs, auditToken }: Pick<JudgementInput, 'text' | 'session' | 'receivedMs' | 'auditToken'>,
  { signer }: Pick<SessionAuthority, 'signer'>,
): Promise<AuthenticMessage | Refusal> {
  const message = readCaptureMessage(text);
  if (!message) return { reason: 'malformed', detail: `${text.length} characters` };
  const claims = await readNonce(message.nonce, signer);
  if (!claims) return { reason: 'forged-nonce', detail: 'not signed by us' };
  if (claims.session !== session || message.session !== session)
    return { reason: 'other-session', detail: `${claims.session} and ${message.session} in ${session}` };
  if (receivedMs >= claims.expiresMs || receivedMs < claims.issuedMs)
    return { reason: 'expired-nonce', detail: `${receivedMs - claims.expiresMs} ms after its end` };
  const { subject } = claims;
  const audit =
    auditToken === undefined ? undefined : await readAuditToken(auditToken, { subject, nowMs: receivedMs }, signer);
  return { message, claims, audit };
}

/** Judges an authentic message. Nothing but its arguments has a say, so that it can be done again later. */
export function judge(
  read: AuthenticMessage,
  input: JudgementInput,
  facts: StoreFacts,
  rules: JudgementRules,
  authority: Pick<SessionAuthority, 'stream'>,
): Judgement {
  const judgement = judgeCapture(read, input, facts, rules, authority);
  return read.audit ? { ...judgement, audit: { ownership: read.audit.ownership } } : judgement;
}

function judgeCapture(
  { message, claims, audit }: AuthenticMessage,
  input: JudgementInput,
  facts: StoreFacts,
  rules: JudgementRules,
  authority: Pick<SessionAuthority, 'stream'>,
): Judgement {
  if (facts.locked) return refused({ reason: 'locked', detail: 'too many failures' });
  if (!facts.nonceUnused) return refused({ reason: 'replayed-nonce', detail: 'used before' });
  if (facts.repeated) return refused({ reason: 'replayed-capture', detail: facts.repeated.detail });
  const flashes = flashesOf(claims, authority);
  const times = { elapsedMs: input.receivedMs - claims.issuedMs, lengthMs: sessionMs(flashes) };
  const refusal = refuseFrames(message.frames, times, rules.limits);
  if (refusal) return refused(refusal);
  const { observations, enrolledShape } = input;
  const challenge = challengeOf(claims, authority);
  return weigh({ capture: message, challenge, flashes, observations, enrolledShape }, input.marked && !audit, rules);
}

/** Judges what no rule of a session refused. Where no colours were shown, nobody has to be seen in them, whatever the policy requires. `marked`: our own mark was found. */
export function weigh(
  seen: CheckInput & { readonly flashes: Flashes },
  marked: boolean,
  { checks, fusion, policy }: Omit<JudgementRules, 'limits'>,
): Judgement {
  const results = checks.map((check) => check.measure(seen));
  const fused = fuse(results, fusion);
  const decision = decide(fused, results, policyIn(policy, seen.flashes), marked);
  return { decision, veto: marked ? 'own-mark' : undefined, results, fused };
}

/** The policy of a capture: nobody has to be seen in colours that were not shown. */
export const policyIn = (policy: DecisionPolicy, flashes: Flashes): DecisionPolicy => ({
  ...policy,
  required: policy.required.filter((name) => name !== COLOUR_FLASH_CHECK || flashes.length > 0),
});

/** The judgement of what could not be judged. */
export function refused(refusal: Refusal): Judgement {
  return { decision: 'refuse', veto: vetoOf(refusal), refusal, results: [] };
}
