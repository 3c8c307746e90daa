import { enrolFrames } from '../defence/liveness/capture/enrol-frames.ts';
import { livenessChecks, uncalibratedChecks } from '../defence/liveness/checks/all-checks.ts';
import { doubtedChecks, lackingChecks } from '../defence/liveness/decision.ts';
import { type LiveCapture, lookAtClip } from '../defence/liveness/live-capture.ts';
import type { LivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { ACTIONS, type Challenge } from '../defence/liveness/session/challenge.ts';
import { FLASH_COLOURS, type FlashColour, type Flashes } from '../defence/liveness/session/flashes.ts';
import { refuseClip } from '../defence/liveness/session/frame-validation.ts';
import { type Judgement, policyIn, refused, weigh } from '../defence/liveness/session/judgement.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import { fivePointsOf } from '../face/landmarks.ts';
import type { Clip } from '../image/frames/clip.ts';
import { readClip } from '../image/frames/read-clip.ts';
import type { Image } from '../image/image.ts';
import type { FaceSessions } from '../runtime/bundled-sessions.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { auditOf } from './audit-token.ts';
import { sessionOptions } from './encoder-options.ts';
import type { PipelineSource } from './face-source.ts';
import type { LiveArgs } from './live-args.ts';
import { readLivenessCalibration, requireItsNetwork, shippedLivenessCalibration } from './liveness-calibration-file.ts';
import { openNamedNetwork, specOfNetwork } from './liveness-networks.ts';
import { oneOf, positiveNumber } from './option-values.ts';
import { NO_NETWORK } from './presentation-network-forms.ts';
import { table } from './print.ts';

/** What the clip gave. */
export interface LiveResult {
  /** By the calibration; of measurements without one where there is none for the network, and then it decides nothing. */
  readonly judgement: Judgement;
  readonly calibrated: boolean;
  /** Of a retry: the checks without which nobody passes, and which saw too little. */
  readonly lacking: readonly string[];
  /** Of a step up: the checks whose score is lower than what is asked of everybody. */
  readonly doubted: readonly string[];
  /** The face in which the person is recognised. */
  faceFor(view: Parameters<typeof alignedFace>[2]): Image;
}

/**
 * Looks at a clip that belongs to no session: nothing is known of when it was taken, and nothing was asked or shown unless `--challenge` and `--flashes` say so.
 *
 * @throws InputError where the clip shows no face, or an option does not fit.
 */
export async function judgeClip(
  path: string,
  args: LiveArgs,
  source: PipelineSource,
  job: JobOptions,
): Promise<LiveResult> {
  const framesPerSecond = positiveNumber(args.fps, '--fps');
  const challenge = challengeOf(args.challenge);
  const flashes = flashesOf(args.flashes);
  const audit = await auditOf(args);
  const sessions = await source.openSessions();
  const { calibration, network } = await openRules(args);
  try {
    const clip = await readClip(path, { ...job, framesPerSecond });
    // Before the first is looked at, which takes a while.
    const { enrolment } = args;
    const earlier = enrolment === undefined ? undefined : await readClip(enrolment, { ...job, framesPerSecond });
    const seen = await lookAtClip(clip, { sessions, network }, { ...job, flashes });
    const enrolledShape = earlier && (await shapeIn(earlier, sessions, job));
    const { image, mesh } = seen.rest;
    const judgement = judgementOf(
      seen,
      { capture: seen.message, challenge, flashes, observations: seen.observations, enrolledShape },
      { calibration, audit },
    );
    const { decision, results } = judgement;
    return {
      judgement,
      calibrated: calibration !== undefined,
      lacking: calibration && decision === 'retry' ? lackingChecks(results, policyIn(calibration.policy, flashes)) : [],
      doubted: calibration && decision === 'step-up' ? doubtedChecks(results, calibration.policy) : [],
      faceFor: (view) => alignedFace(image, fivePointsOf(mesh), view),
    };
  } finally {
    await network?.close();
  }
}

/**
 * What decides, and the network that it knows. The calibration that comes along says nothing of other networks, which are measured then; one that was given is held to its own.
 *
 * @throws InputError where a calibration that was given is of another network, or of one that is not known by its name.
 */
async function openRules(args: LiveArgs) {
  const path = args['liveness-calibration'];
  const calibration = path === undefined ? await shippedLivenessCalibration() : await readLivenessCalibration(path);
  const spec = args.network ?? networkOf(calibration);
  const network = spec === NO_NETWORK ? undefined : await openNamedNetwork(spec, sessionOptions(args));
  const isOthers = network !== undefined && network.name !== calibration.network;
  if (isOthers && path === undefined && args.network !== undefined) return { calibration: undefined, network };
  try {
    requireItsNetwork(calibration, network?.name);
  } catch (error) {
    await network?.close();
    throw error;
  }
  return { calibration, network };
}

/** How the network of a calibration is asked for. @throws InputError where it is a file. */
function networkOf({ network }: LivenessCalibration): string {
  if (network === undefined) return NO_NETWORK;
  const spec = specOfNetwork(network);
  if (spec !== undefined) return spec;
  throw new InputError(`the calibration was made with the presentation-attack network ${network}`, {
    hint: `give its file with --network; or --network ${NO_NETWORK}, to do without that check`,
  });
}

function judgementOf(
  { message, marked }: LiveCapture,
  seen: Parameters<typeof weigh>[0],
  { calibration, audit }: { readonly calibration: LivenessCalibration | undefined; readonly audit: Judgement['audit'] },
): Judgement {
  const rules = calibration
    ? { ...calibration, checks: livenessChecks(calibration.checks) }
    : { ...UNCALIBRATED, checks: uncalibratedChecks() };
  const isVetoed = marked && !audit;
  const judgement = weigh(seen, isVetoed, rules);
  const refusal = isVetoed ? undefined : refuseClip(message.frames);
  return { ...(refusal ? { ...refused(refusal), results: judgement.results } : judgement), audit };
}

const NEVER = { logLikelihoodRatio: 0, apcer: 1, bpcer: 1, dataset: 'none' } as const;

/** Adds nothing up. */
const UNCALIBRATED = {
  fusion: { offset: 0, weights: {}, dataset: 'none' },
  policy: { pass: NEVER, refuse: NEVER, required: [], leastQuality: 0 },
} as const satisfies Omit<LivenessCalibration, 'checks'>;

async function shapeIn({ frames }: Clip, sessions: FaceSessions, job: JobOptions) {
  const enrolled = await enrolFrames(frames, sessions, job);
  if (enrolled) return enrolled.shape;
  throw new InputError('--enrolment: no shape could be enrolled', {
    hint: 'give a clip in which the person turns the head to both sides, with a still face, in good light',
  });
}

/** The steps that were asked. @throws InputError where they are none. */
function challengeOf(text: string | undefined): Challenge {
  return eventsOf(text).map(({ event, what, atMs }) => {
    const action = oneOf(what, '--challenge', ACTIONS);
    if (action && atMs !== undefined) return { action, atMs };
    throw new InputError(`--challenge ${event} is no step`, {
      hint: 'write ACTION@SECONDS, such as turn-left@1,smile@5.4',
    });
  });
}

const COLOURS = Object.keys(FLASH_COLOURS) as FlashColour[];

/** The colours that were shown, by their times. @throws InputError where they are none. */
function flashesOf(text: string | undefined): Flashes {
  const flashes = eventsOf(text).map(({ event, what, atMs }) => {
    const [left, right, ...more] = what.split('/').map((word) => oneOf(word, '--flashes', COLOURS));
    if (left && right && more.length === 0 && atMs !== undefined) return { left, right, atMs };
    throw new InputError(`--flashes ${event} is no flash`, {
      hint: 'write LEFT/RIGHT@SECONDS, such as rose/cyan@18.6,green/violet@19.1',
    });
  });
  return flashes.toSorted((a, b) => a.atMs - b.atMs);
}

/** What was to happen when, of `WHAT@SECONDS,…`; without a time where none is written. */
function eventsOf(text: string | undefined) {
  return (text?.split(',') ?? []).map((event) => {
    const [what = '', at = '', ...more] = event.trim().split('@');
    const atMs = 1000 * Number(at);
    const fine = more.length === 0 && at !== '' && Number.isFinite(atMs) && atMs >= 0;
    return { event, what, atMs: fine ? atMs : undefined };
  });
}

/** The liveness as JSON. */
export function livenessOf({ judgement, calibrated, lacking, doubted }: LiveResult) {
  const { decision, veto, refusal, results, fused, audit } = judgement;
  return {
    decision: calibrated || refusal || veto ? decision : null,
    veto: veto ?? null,
    refusal: refusal?.reason ?? null,
    ...{ lacking, doubted },
    audit: audit ?? null,
    logLikelihoodRatio: calibrated ? (fused?.logLikelihoodRatio ?? null) : null,
    checks: results.map(({ name, score, logLikelihoodRatio, quality, applicable, reason }) => ({
      ...{ name, score: score ?? null, quality, applicable, reason },
      logLikelihoodRatio: calibrated ? logLikelihoodRatio : null,
    })),
  };
}

/** The same for a person at the terminal. */
export function describeLiveness(result: LiveResult): string {
  const { decision, audit, logLikelihoodRatio, checks } = livenessOf(result);
  const why = reasonOf(result);
  const head =
    decision === null
      ? 'liveness: not decided, for want of a --liveness-calibration with this network'
      : `liveness: ${decision}${why}${logLikelihoodRatio === null ? '' : ` (log-likelihood ratio ${logLikelihoodRatio.toFixed(2)})`}`;
  const rows = checks.map(({ name, score, reason }) => [
    name,
    score === null ? 'does not apply' : score.toFixed(3),
    reason,
  ]);
  const of = audit === null ? '' : `an audit, which accepts nobody: ${audit.ownership}\n`;
  return `${of}${head}\n${table(rows, { align: 'left' })}`;
}

/** Why it was decided so, where a number does not say it. */
function reasonOf({ judgement: { veto, refusal }, lacking, doubted }: LiveResult): string {
  if (veto === 'own-mark') return ': it bears Faceward’s own mark';
  if (refusal) return `: ${refusal.reason}`;
  if (lacking.length > 0) return `: nobody passes without ${lacking.join(' and ')}, whose reason stands below`;
  return doubted.length > 0 ? `: ${doubted.join(' and ')} is lower than is asked of everybody` : '';
}
