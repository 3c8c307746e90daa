import { createHash } from 'node:crypto';
import type { ChannelSettings } from '../../attack/presentation/channel/settings.ts';
import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { COLOUR_FLASH_CHECK } from '../../defence/liveness/light/colour-flash.ts';
import type { LivenessCalibration } from '../../defence/liveness/liveness-calibration.ts';
import { drawChallenge } from '../../defence/liveness/session/challenge.ts';
import { drawFlashes } from '../../defence/liveness/session/flashes.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { FaceSessions } from '../../runtime/bundled-sessions.ts';
import { Random } from '../../util/random.ts';
import type { Cheapest } from '../findings.ts';
import { type AttemptSides, checkMatrix, withoutChecks, withoutSpecies } from './ablation.ts';
import { makeAttempts, makeBothSides } from './all-attempts.ts';
import type { Attempt } from './attempt.ts';
import { type CheapestAttack, findCheapest, type Share } from './cheapest.ts';
import { concluded, type LivenessAuditOptions, type LivenessMeasurements, needsOf, requireApart } from './context.ts';
import { livenessControls } from './controls.ts';
import { type JudgedAttempt, livenessFigures } from './figures.ts';
import { type FitOptions, fitLiveness } from './fit.ts';
import type { LivenessPerson } from './liveness-person.ts';
import type { AttemptMaker } from './make-attempt.ts';
import { arrangementsOf, livenessRates } from './measured-rates.ts';
import { outcomeOf } from './outcome.ts';
import { bonaFidePresentation, type PresentationKit } from './presentations.ts';
import { livenessSelfTests } from './self-tests.ts';

/** What our own verification is audited with. */
export interface LocalAuditOptions extends LivenessAuditOptions {
  readonly kit: PresentationKit;
  /** Makes and measures presentations with these settings of their channels. */
  readonly makerFor: (settings: PresentationKit['settings']) => AttemptMaker;
  readonly sessions: FaceSessions;
  /** Name of the presentation-attack network that is part of the verification. */
  readonly network: string | undefined;
  /** Of the encoder that compares faces. */
  readonly threshold: Threshold;
  /** Name of the people's data set. */
  readonly dataset: string;
  /** Fitted elsewhere, on other people; default: on the calibration side, which then has two people or more. */
  readonly calibration?: LivenessCalibration | undefined;
  /** Settings that are drawn for each species in the search for the cheapest attack; 0: none is looked for. */
  readonly draws: number;
  readonly seed: number;
}

/** As findings name our own verification. */
const TARGET = 'faceward verify --live';

/** How our own verification is fitted. Nobody passes without the challenge and the colours: else whoever cannot follow these would hide the face from them, by a frame that is too bright, and lose nothing. */
export const localFitting = (dataset: string): FitOptions => ({
  dataset: `${dataset}, calibration people; simulated heads stand for people`,
  required: ['challenge-followed', COLOUR_FLASH_CHECK],
});

/** Attempts with each drawn setting, and with the best of a species. */
const SEARCH = { choosing: 3, measuring: 30 } as const;

/**
 * Audits our own verification: presentations are judged by all checks and the matcher, calibrated on other people.
 *
 * @throws InputError where a side has nobody, or too few presentations to calibrate on; InterruptedError.
 */
export async function auditLocal(
  options: LocalAuditOptions,
): Promise<LivenessMeasurements & { readonly calibration: LivenessCalibration }> {
  const { people, species, threshold, makerFor } = options;
  requireApart(people);
  const maker = makerFor(undefined);
  const fitsAttacks = options.calibration === undefined;
  const { calibration: known, test } = await makeBothSides({ ...options, fitsAttacks }, maker.measure);
  const fitting = localFitting(options.dataset);
  const calibration = options.calibration ?? { ...fitLiveness(known, fitting), network: options.network };
  const judged = judgeBy(calibration, threshold, test);
  const matcher = { id: threshold.encoder, fmr: threshold.fmr };
  const measured = {
    rates: livenessRates(livenessFigures(judged), { target: TARGET, matcher }),
    controls: livenessControls(judged, matcher.id, matcher.fmr),
    selfTests: await selfTestsOf(options),
  };
  const sides = { calibration: known, test };
  return {
    ...concluded(TARGET, measured, species, test),
    arrangements: arrangementsFor(sides, calibration, fitsAttacks ? fitting : undefined),
    // Where time has run out nothing is known of other settings.
    ...(options.draws > 0 && !(Date.now() > (options.endsAt ?? Number.POSITIVE_INFINITY))
      ? { cheapest: await searchCheapest(options, calibration, judged) }
      : {}),
    calibration,
  };
}

/** Attempts by a calibration and by the matcher. */
export function judgeBy(
  calibration: LivenessCalibration,
  threshold: Threshold,
  attempts: readonly Attempt[],
): JudgedAttempt[] {
  return attempts.map((attempt) => ({
    attempt,
    outcome: outcomeOf(attempt, calibration),
    matched: (attempt.similarities[threshold.encoder] ?? Number.NEGATIVE_INFINITY) >= threshold.similarity,
  }));
}

async function selfTestsOf({ people, kit, sessions, seed }: LocalAuditOptions) {
  const [first] = people.test;
  if (!first) return [];
  const random = new Random(`${seed} self-tests`);
  const asked = { challenge: drawChallenge(random.fork('challenge')), flashes: drawFlashes(random.fork('flashes')) };
  const clip = await bonaFidePresentation(first, asked, kit, random);
  return livenessSelfTests(clip, sessions);
}

/** @param fitting - how it was fitted here; of a calibration that was fitted elsewhere nothing can be left out. */
function arrangementsFor(sides: AttemptSides, { checks }: LivenessCalibration, fitting: FitOptions | undefined) {
  const names = Object.keys(checks);
  return arrangementsOf({
    alone: checkMatrix(sides, names),
    without: fitting ? withoutChecks(sides, names, fitting) : [],
    unseen: fitting ? withoutSpecies(sides, fitting) : [],
  });
}

async function searchCheapest(
  options: LocalAuditOptions,
  calibration: LivenessCalibration,
  judged: readonly JudgedAttempt[],
): Promise<Cheapest | null> {
  const accepted = async (
    name: string,
    people: readonly LivenessPerson[],
    attempts: number,
    species: AttackSpecies,
    settings: ChannelSettings,
  ): Promise<Share> => {
    // People read it as the progress of the search: settings stand there by their hash.
    const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 8);
    const own = await makeAttempts(
      { ...options, name: `${name} of ${species.name}, settings ${hash}`, people, kinds: [species], attempts },
      options.makerFor(settings).measure,
    );
    return sharePassing(judgeBy(calibration, options.threshold, own));
  };
  const { calibration: others, test } = options.people;
  const found = await findCheapest({
    ...options,
    accepted: {
      usual: ({ name }) => sharePassing(judged.filter(({ attempt }) => attempt.species === name)),
      choosing: (species, settings) => accepted('search', others, SEARCH.choosing, species, settings),
      measuring: (species, settings) => accepted('found', test, SEARCH.measuring, species, settings),
    },
  });
  return found ? rowOf(found) : null;
}

const sharePassing = (judged: readonly JudgedAttempt[]): Share => ({
  successes: judged.filter(({ outcome, matched }) => outcome === 'passed' && matched).length,
  trials: judged.length,
});

const rowOf = ({ species, words, rate, tried }: CheapestAttack): Cheapest => ({
  ...{ species: species.name, settings: words, needs: needsOf(species), tried },
  ...rate,
});
