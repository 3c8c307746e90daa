import { InputError } from '../../../util/errors.ts';
import {
  authenticate,
  type Judgement,
  type JudgementInput,
  type JudgementRules,
  judge,
  refused,
  type StoreFacts,
} from './judgement.ts';
import type { SessionAuthority } from './nonce.ts';
import type { Signer } from './signature.ts';

const SCHEMA = 'faceward.liveness-evidence/3';

/** A judgement with all that it came from. Landmarks and shapes are biometric data: encrypt it at rest, keep it no longer than needed. */
export interface Evidence {
  readonly schema: typeof SCHEMA;
  readonly input: JudgementInput;
  /** Undefined where the store was not asked, because the message was not authentic. */
  readonly facts?: StoreFacts | undefined;
  readonly rules: Omit<JudgementRules, 'checks'> & {
    readonly checks: readonly Pick<JudgementRules['checks'][number], 'name' | 'calibration'>[];
  };
  readonly judgement: Judgement;
}

/** Evidence as text, with our signature: two lines of JSON could not be signed the same way twice, a text can. */
export interface EvidenceBundle {
  readonly body: string;
  readonly signature: string;
}

/** What a replay found. */
export interface EvidenceReplay {
  readonly recorded: Judgement;
  readonly again: Judgement;
  /** Whether the decision, the veto, the reason and the audit are the same. */
  readonly sameDecision: boolean;
  /** Whether every figure is the same, to the last digit. */
  readonly sameFigures: boolean;
}

/** Signs what was judged. */
export async function signEvidence(
  input: JudgementInput,
  facts: StoreFacts | undefined,
  rules: JudgementRules,
  judgement: Judgement,
  signer: Signer,
): Promise<EvidenceBundle> {
  const checks = rules.checks.map(({ name, calibration }) => ({ name, calibration }));
  const evidence: Evidence = { schema: SCHEMA, input, facts, rules: { ...rules, checks }, judgement };
  const body = JSON.stringify(evidence);
  return { body, signature: await signer.sign('liveness evidence', body) };
}

/**
 * Judges a bundle again, offline: by its own input, what was observed in the frames included, the facts of its moment, and its own fusion, policy and limits. Checks are taken from `checks` by name, and
 * must be calibrated as they were.
 *
 * @throws InputError where the signature is not ours, the bundle is of another version, or the checks are others than those of the bundle.
 */
export async function replayEvidence(
  bundle: EvidenceBundle,
  checks: JudgementRules['checks'],
  authority: Pick<SessionAuthority, 'signer' | 'stream'>,
): Promise<EvidenceReplay> {
  if (!(await authority.signer.verify('liveness evidence', bundle.body, bundle.signature)))
    throw new InputError('the evidence is not signed by this key, or was changed', {
      hint: 'use the key of the server that made it',
    });
  // What carries our signature of this kind was made by signEvidence.
  const evidence = JSON.parse(bundle.body) as Evidence;
  if (evidence.schema !== SCHEMA)
    throw new InputError(`the evidence is ${evidence.schema}, not ${SCHEMA}`, {
      hint: 'replay it with the version that it was made with',
    });
  const used = evidence.rules.checks.map(({ name, calibration }) => {
    const check = checks.find((one) => one.name === name);
    if (!check || textOf(check.calibration) !== textOf(calibration))
      throw new InputError(`the evidence needs the check "${name}" with its calibration`, {
        hint: 'replay it with the version and the calibration files that it was made with',
      });
    return check;
  });
  const again = await judgeAgain(evidence, { ...evidence.rules, checks: used }, authority);
  const recorded = evidence.judgement;
  const outcome = ({ decision, veto, refusal, audit }: Judgement): string =>
    textOf([decision, veto ?? null, refusal?.reason ?? null, audit ?? null]);
  return {
    recorded,
    again,
    sameDecision: outcome(recorded) === outcome(again),
    sameFigures: textOf(recorded) === textOf(again),
  };
}

async function judgeAgain(
  { input, facts }: Evidence,
  rules: JudgementRules,
  authority: Pick<SessionAuthority, 'signer' | 'stream'>,
): Promise<Judgement> {
  const read = await authenticate(input, authority);
  if ('reason' in read) return refused(read);
  // Without facts the recorded message was not authentic; one that is now was recorded wrongly, and nothing is known of its nonce.
  return judge(read, input, facts ?? { nonceUnused: false, locked: false }, rules, authority);
}

const textOf = (value: unknown): string => JSON.stringify(value);
