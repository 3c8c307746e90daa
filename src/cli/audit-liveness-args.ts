import type { ParsedArgs } from 'citty';
import { ATTACK_SPECIES, type AttackSpecies } from '../attack/presentation/species.ts';
import { attemptsOfBothSides, type Share } from '../audit/liveness/all-attempts.ts';
import type { LivenessAuditOptions } from '../audit/liveness/context.ts';
import type { LivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { InputError } from '../util/errors.ts';
import { auditArgs } from './audit-output.ts';
import { encoderArgs } from './encoder-options.ts';
import {
  readLivenessCalibration,
  SHIPPED_CALIBRATION,
  shippedLivenessCalibration,
} from './liveness-calibration-file.ts';
import { attackArgs } from './liveness-kit.ts';
import { isEndpoint } from './liveness-target.ts';
import { durationMs, listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { NO_NETWORK, OWN_NETWORK, PRESENTATION_NETWORK_FORMS } from './presentation-network-forms.ts';
import { shareOf, usualProcesses } from './share-processes.ts';

const NAMES = ATTACK_SPECIES.map(({ name }) => name);

/** Options of `faceward audit liveness`. */
export const auditLivenessArgs = {
  people: {
    type: 'string',
    description: 'folder with one folder of uncropped photos for each person, two or more of each',
    required: true,
    valueHint: 'folder',
  },
  target: {
    type: 'string',
    description: `what is audited: local (faceward verify --live), networks by themselves (${PRESENTATION_NETWORK_FORMS}; several by commas, the verdict is of the first), or the address of an adapter (docs/liveness.md)`,
    default: 'local',
    valueHint: 'target',
  },
  ownership: {
    type: 'string',
    description: 'who says that the verification is yours or that you may test it; it goes into the report',
    required: true,
    valueHint: 'text',
  },
  species: { type: 'string', description: `attacks, of ${NAMES.join(', ')}; default: all`, valueHint: 'names' },
  attempts: { type: 'string', description: 'attempts of each attack', default: '300', valueHint: 'n' },
  'calibration-attempts': {
    type: 'string',
    description:
      'attempts of each attack on other people, on which the local verification is fitted; of people’s own presentations, on which all thresholds are fixed, there are four times as many',
    default: '50',
    valueHint: 'n',
  },
  network: {
    type: 'string',
    description: `the presentation-attack network of the local verification: ${PRESENTATION_NETWORK_FORMS}; or ${NO_NETWORK}`,
    default: OWN_NETWORK,
    valueHint: 'network',
  },
  'liveness-calibration': {
    type: 'string',
    description: `what faceward audit liveness wrote as calibration.json elsewhere, or ${SHIPPED_CALIBRATION}: the one that faceward verify --live takes unless told otherwise; default: fitted here, on the calibration people`,
    valueHint: 'file',
  },
  ...attackArgs,
  search: {
    type: 'string',
    description:
      'settings of print, screen and motion that are tried for each attack in the search for the cheapest that gets in; 0: no search',
    default: '6',
    valueHint: 'n',
  },
  fmr: {
    type: 'string',
    description: 'false match rate of the matcher’s threshold',
    default: '0.001',
    valueHint: 'rate',
  },
  out: {
    type: 'string',
    description: 'folder for findings.json, report.html and calibration.json',
    default: 'faceward-liveness',
    valueHint: 'folder',
  },
  'fail-on': {
    type: 'string',
    description: 'fooled: exit with status 3 where an attack gets in',
    valueHint: 'verdict',
  },
  processes: {
    type: 'string',
    description:
      'processes that make attempts side by side, each with its own networks (some 700 MB); default: one for each core, at most 4, where there are attempts enough',
    valueHint: 'n',
  },
  share: {
    type: 'string',
    description:
      'make this share of the attempts alone, such as 2/4, for a run that is under way on the same --out: --processes starts such runs itself',
    valueHint: 'i/n',
  },
  ...withoutUnused(auditArgs),
  budget: {
    ...auditArgs.budget,
    description: 'time that the audit may take, about, such as 30m: where it does not suffice, fewer attempts are made',
  },
  encoder: encoderArgs.encoder,
  headers: encoderArgs.headers,
  device: encoderArgs.device,
  threads: encoderArgs.threads,
} as const;

/** What the options come to, before anything is opened or read. */
export interface LivenessAuditSettings extends Pick<LivenessAuditOptions, 'attempts'> {
  readonly failOn: 'fooled' | undefined;
  readonly seed: number;
  readonly draws: number;
  readonly fmr: number;
  readonly budgetMs: number | undefined;
  /** Fitted elsewhere; undefined: it is to be fitted. */
  readonly calibration: LivenessCalibration | undefined;
  readonly ownership: string;
  readonly chosen: readonly AttackSpecies[];
  readonly share: Share | undefined;
  readonly processes: number;
}

/** Reads the options. @throws InputError where one does not fit, or nobody states that the verification may be tested. */
export async function livenessAuditSettings(
  args: ParsedArgs<typeof auditLivenessArgs>,
): Promise<LivenessAuditSettings> {
  const failOn = oneOf(args['fail-on'], '--fail-on', ['fooled']);
  const seed = wholeNumber(args.seed, '--seed');
  const attempts = {
    test: wholeNumber(args.attempts, '--attempts', { min: 1 }),
    calibration: wholeNumber(args['calibration-attempts'], '--calibration-attempts', { min: 2 }),
  };
  const draws = wholeNumber(args.search, '--search');
  const fmr = positiveNumber(args.fmr, '--fmr');
  const budgetMs = durationMs(args.budget, '--budget');
  const given = args['liveness-calibration'];
  const calibration = given === undefined ? undefined : await calibrationOf(given);
  const ownership = args.ownership.trim();
  if (ownership === '')
    throw new InputError(
      'attacks are made only after a statement that the verification is yours or that you may test it',
      {
        hint: 'give it with --ownership "…"; it goes into the report',
      },
    );
  const chosen = speciesOf(args.species);
  const share = shareOf(args.share, '--share');
  const total = attemptsOfBothSides(attempts, chosen.length, args.target === 'local' && !calibration);
  const processes = wholeNumber(args.processes, '--processes', { min: 1, max: 64 }) ?? usualProcesses(total);
  if (isEndpoint(args.target) && (share || args.processes !== undefined))
    throw new InputError('an endpoint is asked by one process', { hint: 'leave --processes and --share out' });
  return { failOn, seed, attempts, draws, fmr, budgetMs, calibration, ownership, chosen, share, processes };
}

const calibrationOf = (given: string) =>
  given === SHIPPED_CALIBRATION ? shippedLivenessCalibration() : readLivenessCalibration(given);

/** The calibration of this audit is of another kind than other audits', and it shows no faces. */
function withoutUnused<T extends { readonly calibration: unknown; readonly 'show-faces': unknown }>(
  args: T,
): Omit<T, 'calibration' | 'show-faces'> {
  const { calibration: _, 'show-faces': _faces, ...others } = args;
  return others;
}

function speciesOf(text: string | undefined): AttackSpecies[] {
  if (text === undefined) return [...ATTACK_SPECIES];
  const names = listOf(text).map((word) => oneOf(word, '--species', NAMES));
  if (names.length === 0)
    throw new InputError('--species names no attack', { hint: `it takes some of: ${NAMES.join(', ')}` });
  // In their own order, which is that of their cost.
  return ATTACK_SPECIES.filter(({ name }) => names.includes(name));
}
