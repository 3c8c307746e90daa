import { randomInt } from 'node:crypto';
import { makeBothSides, type Share } from '../audit/liveness/all-attempts.ts';
import { auditEndpoint } from '../audit/liveness/audit-endpoint.ts';
import { auditLocal, type LocalAuditOptions } from '../audit/liveness/audit-local.ts';
import { auditNetworks } from '../audit/liveness/audit-network.ts';
import type { LivenessAuditOptions, LivenessMeasurements } from '../audit/liveness/context.ts';
import { type AttemptMaker, createAttemptMaker } from '../audit/liveness/make-attempt.ts';
import type { PresentationKit } from '../audit/liveness/presentations.ts';
import type { LivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { InputError } from '../util/errors.ts';
import { SHIPPED_CALIBRATION } from './liveness-calibration-file.ts';
import type { LivenessKit } from './liveness-kit.ts';
import type { LivenessSides } from './liveness-people.ts';
import type { LivenessTarget } from './liveness-target.ts';
import { startShares } from './share-processes.ts';

/** How a target is measured. */
export interface MeasureLivenessOptions
  extends LivenessAuditOptions,
    Pick<LocalAuditOptions, 'kit' | 'sessions' | 'dataset' | 'calibration' | 'draws' | 'seed'> {
  readonly signal: AbortSignal;
  /** Of another run's attempts, which are all that is made. */
  readonly share: Share | undefined;
  /** That make attempts side by side, with this one. */
  readonly processes: number;
}

/** What was measured, and what our own verification was judged by. */
export type MeasuredLiveness = LivenessMeasurements & { readonly calibration?: LivenessCalibration };

/** Whether the verification is fitted here, on the people of the calibration side. */
const isFitted = (target: LivenessTarget, calibration: LivenessCalibration | undefined): boolean =>
  target.kind === 'local' && !calibration;

/** Refuses attacks and people of which nothing would come. @throws InputError */
export function requireMeasurable(
  target: LivenessTarget,
  calibration: LivenessCalibration | undefined,
  { species, attacked }: LivenessKit,
  people: LivenessSides,
): void {
  const fitted = isFitted(target, calibration);
  if (!species.some(({ name }) => !fitted || attacked[name] === undefined))
    throw new InputError('there is no attack that can be made of everybody', {
      hint: 'the verification is fitted on others than those who are attacked: name more attacks with --species, or give what they need',
    });
  if (fitted && people.calibration.length < 2)
    throw new InputError(
      'there is one person to fit the verification on, and two are needed: each half is fitted by itself',
      {
        hint: `give more people (15 % are on the calibration side), or --liveness-calibration ${SHIPPED_CALIBRATION}`,
      },
    );
}

/**
 * Measures a target, with the help of other processes where these are wanted.
 *
 * @returns undefined where this process has made its share of another run's attempts.
 * @throws as the audits.
 */
export async function measureLiveness(
  target: LivenessTarget,
  options: MeasureLivenessOptions,
): Promise<MeasuredLiveness | undefined> {
  const { kit, sessions, seed, calibration } = options;
  if (target.kind === 'endpoint')
    return auditEndpoint({ ...options, endpoint: target.endpoint, runId: randomInt(2 ** 32) });
  if (target.kind === 'local') {
    const { network, matcher, threshold } = target;
    const tools = { sessions, network, networks: [], matchers: [matcher] };
    const makerFor = (settings: PresentationKit['settings']): AttemptMaker =>
      createAttemptMaker(settings ? { ...kit, settings: { ...kit.settings, ...settings } } : kit, tools, seed);
    const isOurs = await makeTogether(
      { ...options, fitsAttacks: isFitted(target, calibration) },
      makerFor(undefined).measure,
    );
    return isOurs ? auditLocal({ ...options, network: network?.name, threshold, makerFor }) : undefined;
  }
  const [first, ...others] = target.networks;
  const maker = createAttemptMaker(kit, { sessions, networks: target.networks, matchers: [] }, seed);
  const isOurs = await makeTogether({ ...options, fitsAttacks: false }, maker.measureFrames);
  const names = [first.name, ...others.map(({ name }) => name)] as const;
  return isOurs ? auditNetworks({ ...options, maker, networks: names }) : undefined;
}

/** Makes this process' share of the attempts while others make theirs. @returns whether what comes after them is this process' as well. */
async function makeTogether(
  { share, processes, ...options }: MeasureLivenessOptions & { readonly fitsAttacks: boolean },
  measure: AttemptMaker['measure'],
): Promise<boolean> {
  if (share) await makeBothSides({ ...options, share }, measure);
  else if (processes > 1) {
    await using others = startShares(processes, options.signal);
    await makeBothSides({ ...options, share: { index: 1, of: processes } }, measure);
    await others.finished();
  }
  return share === undefined;
}
