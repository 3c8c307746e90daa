import { enrolFrames } from '../defence/liveness/capture/enrol-frames.ts';
import { livenessChecks, uncalibratedChecks } from '../defence/liveness/checks/all-checks.ts';
import { type LiveCapture, lookAtClip } from '../defence/liveness/live-capture.ts';
import type { LivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { ACTIONS, type Challenge } from '../defence/liveness/session/challenge.ts';
import { refuseClip } from '../defence/liveness/session/frame-validation.ts';
import { type Judgement, refused, weigh } from '../defence/liveness/session/judgement.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import { fivePointsOf } from '../face/landmarks.ts';
import { readClip } from '../image/frames/read-clip.ts';
import type { Image } from '../image/image.ts';
import type { FaceSessions } from '../runtime/bundled-sessions.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { sessionOptions } from './encoder-options.ts';
import type { PipelineSource } from './face-source.ts';
import type { LiveArgs } from './live-args.ts';
import { readLivenessCalibration } from './liveness-calibration-file.ts';
import { openNamedNetwork } from './liveness-networks.ts';
import { oneOf, positiveNumber } from './option-values.ts';
import { table } from './print.ts';

/** What the clip gave. */
export interface LiveResult {
  /** By the calibration; of measurements without one where none was given, and then it decides nothing. */
  readonly judgement: Judgement;
  readonly calibrated: boolean;
  /** The face in which the person is recognised. */
  faceFor(view: Parameters<typeof alignedFace>[2]): Image;
}

/**
 * Looks at a clip that belongs to no session: nothing is known of when it was taken, and nothing was asked unless `--challenge` says so.
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
  const calibrationPath = args['liveness-calibration'];
  const calibration = calibrationPath === undefined ? undefined : await readLivenessCalibration(calibrationPath);
  const sessions = await source.openSessions();
  const network = args.network === undefined ? undefined : await openNamedNetwork(args.network, sessionOptions(args));
  try {
    const clip = await readClip(path, { ...job, framesPerSecond });
    const seen = await lookAtClip(clip, { sessions, network }, job);
    const enrolledShape =
      args.enrolment === undefined ? undefined : await shapeIn(args.enrolment, framesPerSecond, sessions, job);
    const { image, mesh } = seen.rest;
    return {
      judgement: judgementOf(
        seen,
        { capture: seen.message, challenge, observations: seen.observations, enrolledShape },
        calibration,
      ),
      calibrated: calibration !== undefined,
      faceFor: (view) => alignedFace(image, fivePointsOf(mesh), view),
    };
  } finally {
    await network?.close();
  }
}

function judgementOf(
  { message, marked }: LiveCapture,
  seen: Parameters<typeof weigh>[0],
  calibration: LivenessCalibration | undefined,
): Judgement {
  const rules = calibration
    ? { ...calibration, checks: livenessChecks(calibration.checks) }
    : { ...UNCALIBRATED, checks: uncalibratedChecks() };
  const judgement = weigh(seen, marked, rules);
  const refusal = marked ? undefined : refuseClip(message.frames);
  return refusal ? { ...refused(refusal), results: judgement.results } : judgement;
}

const NEVER = { logLikelihoodRatio: 0, apcer: 1, bpcer: 1, dataset: 'none' } as const;

/** Adds nothing up. */
const UNCALIBRATED = {
  fusion: { offset: 0, weights: {}, dataset: 'none' },
  policy: { pass: NEVER, refuse: NEVER, required: [], leastQuality: 0 },
} as const satisfies Omit<LivenessCalibration, 'checks'>;

async function shapeIn(path: string, framesPerSecond: number, sessions: FaceSessions, job: JobOptions) {
  const { frames } = await readClip(path, { ...job, framesPerSecond });
  const enrolled = await enrolFrames(frames, sessions, job);
  if (enrolled) return enrolled.shape;
  throw new InputError(`${path}: no shape could be enrolled`, {
    hint: 'give a clip in which the person turns the head to both sides, with a still face, in good light',
  });
}

/** The steps that were asked. @throws InputError where they are none. */
function challengeOf(text: string | undefined): Challenge {
  if (text === undefined) return [];
  return text.split(',').map((step) => {
    const [word, at = '', ...more] = step.trim().split('@');
    const action = oneOf(word, '--challenge', ACTIONS);
    const seconds = Number(at);
    if (!action || more.length > 0 || at === '' || !Number.isFinite(seconds) || seconds < 0)
      throw new InputError(`--challenge ${step} is no step`, {
        hint: 'write ACTION@SECONDS, such as turn-left@1,smile@5.4',
      });
    return { action, atMs: 1000 * seconds };
  });
}

/** The liveness as JSON. */
export function livenessOf({ judgement, calibrated }: LiveResult) {
  const { decision, veto, refusal, results, fused } = judgement;
  return {
    decision: calibrated || refusal || veto ? decision : null,
    veto: veto ?? null,
    refusal: refusal?.reason ?? null,
    logLikelihoodRatio: calibrated ? (fused?.logLikelihoodRatio ?? null) : null,
    checks: results.map(({ name, score, logLikelihoodRatio, quality, applicable, reason }) => ({
      ...{ name, score: score ?? null, quality, applicable, reason },
      logLikelihoodRatio: calibrated ? logLikelihoodRatio : null,
    })),
  };
}

/** The same for a person at the terminal. */
export function describeLiveness(result: LiveResult): string {
  const { decision, veto, refusal, logLikelihoodRatio, checks } = livenessOf(result);
  const why = veto === 'own-mark' ? ': it bears Faceward’s own mark' : refusal ? `: ${refusal}` : '';
  const head =
    decision === null
      ? 'liveness: not decided, for want of --liveness-calibration'
      : `liveness: ${decision}${why}${logLikelihoodRatio === null ? '' : ` (log-likelihood ratio ${logLikelihoodRatio.toFixed(2)})`}`;
  const rows = checks.map(({ name, score, reason }) => [
    name,
    score === null ? 'does not apply' : score.toFixed(3),
    reason,
  ]);
  return `${head}\n${table(rows, { align: 'left' })}`;
}
