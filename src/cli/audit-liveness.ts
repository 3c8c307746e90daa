import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { ATTACK_SPECIES, type AttackSpecies } from '../attack/presentation/species.ts';
import { makeBothSides } from '../audit/liveness/all-attempts.ts';
import { auditEndpoint } from '../audit/liveness/audit-endpoint.ts';
import { auditLocal, type LocalAuditOptions } from '../audit/liveness/audit-local.ts';
import { auditNetworks } from '../audit/liveness/audit-network.ts';
import type { LivenessAuditOptions, LivenessMeasurements } from '../audit/liveness/context.ts';
import { type AttemptMaker, createAttemptMaker } from '../audit/liveness/make-attempt.ts';
import { livenessFindings } from '../audit/liveness/report-findings.ts';
import { requireFolder } from '../data/photo-files.ts';
import { formatLivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { InputError } from '../util/errors.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { command } from './command.ts';
import { encoderArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { readLivenessCalibration } from './liveness-calibration-file.ts';
import { attackArgs, openAttackFiles } from './liveness-kit.ts';
import { readLivenessPeople } from './liveness-people.ts';
import { isEndpoint, openLivenessTarget } from './liveness-target.ts';
import { durationMs, listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { PRESENTATION_NETWORK_FORMS } from './presentation-network-forms.ts';
import { printNote } from './print.ts';
import { shareOf, startShares, threadsEach, usualProcesses } from './share-processes.ts';

const NAMES = ATTACK_SPECIES.map(({ name }) => name);
const ATTACK_OPTIONS = Object.keys(attackArgs) as (keyof typeof attackArgs)[];

/** `faceward audit liveness`: what gets past a liveness check, made of photos of the people. */
export const auditLivenessCommand = command({
  name: 'audit liveness',
  description:
    'Measures which attacks get past a liveness check: prints, screens, photos that are moved, recordings, injected before the camera or past it. They are made of photos of people who are on the test side; thresholds are fixed on others. Writes findings.json and report.html.',
  examples: [
    'faceward audit liveness --people people/ --ownership "our own verification, ticket 4711"',
    'faceward audit liveness --people people/ --species screen-warp,inject-warp-lifted --attempts 50 --ownership "…"',
    'faceward audit liveness --people people/ --drivers clips/ --reenactor reenactor.onnx --ownership "…"',
    'faceward audit liveness --people people/ --target human-liveness,2.7_80x80_MiniFASNetV2.onnx --ownership "…"',
    'faceward audit liveness --people people/ --target https://verify.example/adapter --headers key.txt --ownership "ours, ticket 4711"',
  ],
  args: {
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
      description: 'attempts of each attack on other people, on which thresholds are fixed',
      default: '100',
      valueHint: 'n',
    },
    network: {
      type: 'string',
      description: `the presentation-attack network of the local verification: ${PRESENTATION_NETWORK_FORMS}; default: none`,
      valueHint: 'network',
    },
    'liveness-calibration': {
      type: 'string',
      description: 'what faceward audit liveness wrote as calibration.json elsewhere; default: fitted here',
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
    encoder: encoderArgs.encoder,
    headers: encoderArgs.headers,
    device: encoderArgs.device,
    threads: encoderArgs.threads,
  },
  repeatable: ['drivers'],
  async run({ args, job }) {
    const startedAt = new Date();
    const failOn = oneOf(args['fail-on'], '--fail-on', ['fooled']);
    const seed = wholeNumber(args.seed, '--seed') ?? 1;
    const attempts = {
      test: wholeNumber(args.attempts, '--attempts', { min: 1 }) ?? 300,
      calibration: wholeNumber(args['calibration-attempts'], '--calibration-attempts', { min: 2 }) ?? 100,
    };
    const draws = wholeNumber(args.search, '--search') ?? 6;
    const fmr = positiveNumber(args.fmr, '--fmr');
    const budgetMs = durationMs(args.budget, '--budget');
    const baseline = await readBaseline(args.baseline);
    const given = args['liveness-calibration'];
    const calibration = given === undefined ? undefined : await readLivenessCalibration(given);
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
    const total = (1 + chosen.length) * (attempts.test + attempts.calibration);
    const processes = wholeNumber(args.processes, '--processes', { min: 1, max: 64 }) ?? usualProcesses(total);
    if (isEndpoint(args.target) && (share || args.processes !== undefined))
      throw new InputError('an endpoint is asked by one process', { hint: 'leave --processes and --share out' });
    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, share ? `audit-${share.index}` : 'audit'));
    // Nobody is to wait for people to be read before a file is found wanting.
    await requireFolder(resolve(args.people));
    const networkArgs = { ...args, threads: args.threads ?? (processes > 1 ? threadsEach(processes) : undefined) };
    await using target = await openLivenessTarget({ ...networkArgs, ownership }, fmr);
    await using source = pipelineSource(networkArgs);
    await using files = await openAttackFiles(chosen, args, { source, job, options: sessionOptions(networkArgs) });
    const sides = await readLivenessPeople(args.people, source, job);
    const sessions = await source.openSessions();
    const opened = files.kitFor(sides);
    for (const { species, reason } of opened.left) printNote(`left out: ${species.name}, ${reason}`);
    if (opened.species.every(({ name }) => opened.attacked[name] !== undefined))
      throw new InputError('there is no attack that can be made of everybody', {
        hint: 'thresholds are fixed on others than those who are attacked: name more attacks with --species, or give what they need',
      });
    const version = await readVersion();
    const { kit } = opened;
    const work = await openAuditWork(
      {
        ...{ version, target: args.target, network: args.network, seed, attempts, draws, fmr, encoder: args.encoder },
        ...{ people: args.people, species: opened.species.map(({ name }) => name), calibration, device: args.device },
        ...Object.fromEntries(ATTACK_OPTIONS.map((name) => [name, args[name]])),
      },
      share ? { ...args, resume: true } : args,
    );
    const options: LivenessAuditOptions = {
      ...job,
      people: { calibration: sides.calibration, test: sides.test },
      species: opened.species,
      attacked: opened.attacked,
      attempts,
      store: work.store,
      ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
    };
    /** Makes this process' share while others make theirs; false where the rest of the audit is another run's. */
    const shared = async (measure: AttemptMaker['measure']): Promise<boolean> => {
      if (share) await makeBothSides({ ...options, share }, measure);
      else if (processes > 1) {
        await using others = startShares(processes, job.signal);
        await makeBothSides({ ...options, share: { index: 1, of: processes } }, measure);
        await others.finished();
      }
      return share === undefined;
    };
    let measured: LivenessMeasurements;
    if (target.kind === 'endpoint') {
      measured = await auditEndpoint({ ...options, endpoint: target.endpoint, kit, seed, runId: randomInt(2 ** 32) });
    } else if (target.kind === 'local') {
      const { network, matcher, threshold } = target;
      const tools = { sessions, network, networks: [], matchers: [matcher] };
      const makerFor: LocalAuditOptions['makerFor'] = (settings) =>
        createAttemptMaker(settings ? { ...kit, settings: { ...kit.settings, ...settings } } : kit, tools, seed);
      if (!(await shared(makerFor(undefined).measure))) return 0;
      const local = await auditLocal({
        ...options,
        ...{ kit, sessions, network: network?.name, threshold, calibration, draws, seed, makerFor },
        dataset: sides.name,
      });
      await writeOutputFile(join(args.out, 'calibration.json'), formatLivenessCalibration(local.calibration));
      measured = local;
    } else {
      const [first, ...others] = target.networks;
      const maker = createAttemptMaker(kit, { sessions, networks: target.networks, matchers: [] }, seed);
      if (!(await shared(maker.measureFrames))) return 0;
      measured = await auditNetworks({
        ...options,
        ...{ maker, networks: [first.name, ...others.map(({ name }) => name)] },
      });
    }
    const findings = livenessFindings(measured, {
      ...runRecord({ ...args, ownership }, { version, seed, startedAt }),
      targetHash: `${measured.target} ${version}`,
      ...(target.kind === 'local'
        ? { matchers: [target.matcher], thresholds: [target.threshold] }
        : { matchers: [], thresholds: [] }),
      ...{ queries: target.kind === 'endpoint' ? target.endpoint.queries : 0, models: [] },
      people: options.people,
      dataset: { name: sides.name, rejected: sides.rejected },
      notes: [
        'people’s own presentations are simulated: heads with the skin of their photos that do what is asked; what people before a camera would come to is not measured',
        ...opened.left.map(({ species, reason }) => `${species.name} was not tried: ${reason}`),
      ],
    });
    return finishAudit(findings, { out: args.out, work, baseline, failOn, json: args.json === true });
  },
});

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
