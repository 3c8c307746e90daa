import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { ATTACK_SPECIES, type AttackSpecies } from '../attack/presentation/species.ts';
import { auditEndpoint } from '../audit/liveness/audit-endpoint.ts';
import { auditLocal } from '../audit/liveness/audit-local.ts';
import { auditNetworks } from '../audit/liveness/audit-network.ts';
import type { LivenessAuditOptions, LivenessMeasurements } from '../audit/liveness/context.ts';
import { openHttpTarget } from '../audit/liveness/http-target.ts';
import { createAttemptMaker } from '../audit/liveness/make-attempt.ts';
import { livenessFindings } from '../audit/liveness/report-findings.ts';
import { formatLivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { InputError } from '../util/errors.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { chooseThreshold } from './chosen-threshold.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { readHeaderFile } from './header-file.ts';
import { readLivenessCalibration } from './liveness-calibration-file.ts';
import { openLivenessKit } from './liveness-kit.ts';
import { openNamedNetwork } from './liveness-networks.ts';
import { readLivenessPeople } from './liveness-people.ts';
import { durationMs, listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { PRESENTATION_NETWORK_FORMS } from './presentation-network-forms.ts';
import { printNote } from './print.ts';

const NAMES = ATTACK_SPECIES.map(({ name }) => name);

/** `faceward audit liveness`: what gets past a liveness check, made of photos of the people. */
export const auditLivenessCommand = command({
  name: 'audit liveness',
  description:
    'Measures which attacks get past a liveness check: prints, screens, photos that are moved, recordings, injected before the camera or past it. They are made of photos of people who are on the test side; thresholds are fixed on others. Writes findings.json and report.html.',
  examples: [
    'faceward audit liveness --people people/ --ownership "our own verification, ticket 4711"',
    'faceward audit liveness --people people/ --species screen-warp,inject-warp-lifted --attempts 50 --ownership "…"',
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
    reenactor: { type: 'string', description: 'made by faceward train reenactor', valueHint: 'file.onnx' },
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
    ...withoutUnused(auditArgs),
    encoder: encoderArgs.encoder,
    headers: encoderArgs.headers,
    device: encoderArgs.device,
    threads: encoderArgs.threads,
  },
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
    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'audit'));
    await using source = pipelineSource(args);
    const sides = await readLivenessPeople(args.people, source, job);
    const sessions = await source.openSessions();
    const [driver] = sides.driver.others;
    await using opened = await openLivenessKit(chosen, args, driver, sessions, sessionOptions(args));
    for (const { species, reason } of opened.left) printNote(`left out: ${species.name}, ${reason}`);
    const version = await readVersion();
    const { kit } = opened;
    const isEndpoint = /^https?:\/\//i.test(args.target);
    const work = await openAuditWork(
      {
        ...{ version, target: args.target, network: args.network, seed, attempts, draws, fmr, encoder: args.encoder },
        ...{ people: args.people, species: opened.species.map(({ name }) => name), reenactor: args.reenactor },
        ...{ calibration, device: args.device },
      },
      args,
    );
    const options: LivenessAuditOptions = {
      ...job,
      people: { calibration: sides.calibration, test: sides.test },
      species: opened.species,
      attempts,
      store: work.store,
      ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
    };
    const matchers: Encoder[] = [];
    const closing: { close(): unknown }[] = [];
    let queries = 0;
    const thresholds = [];
    let measured: LivenessMeasurements;
    try {
      if (isEndpoint) {
        const headers = args.headers === undefined ? {} : { headers: await readHeaderFile(args.headers) };
        const endpoint = openHttpTarget(args.target, { ownership, ...headers });
        closing.push(endpoint);
        measured = await auditEndpoint({ ...options, endpoint, kit, seed, runId: randomInt(2 ** 32) });
        queries = endpoint.queries;
      } else if (args.target === 'local') {
        const matcher = await openEncoderFromArgs(args);
        matchers.push(matcher);
        closing.push(matcher);
        const threshold = await chooseThreshold(matcher, String(fmr), undefined);
        if (!threshold)
          throw new InputError(`there is no threshold for "${matcher.id}"`, { hint: 'take a bundled encoder' });
        thresholds.push(threshold);
        const network =
          args.network === undefined ? undefined : await openNamedNetwork(args.network, sessionOptions(args));
        if (network) closing.push(network);
        const tools = { sessions, network, networks: [], matchers };
        const local = await auditLocal({
          ...options,
          ...{ kit, sessions, threshold, calibration, draws, seed, dataset: sides.name },
          makerFor: (settings) => createAttemptMaker(settings ? { ...kit, settings } : kit, tools, seed),
        });
        await writeOutputFile(join(args.out, 'calibration.json'), formatLivenessCalibration(local.calibration));
        measured = local;
      } else {
        const networks = await Promise.all(
          listOf(args.target).map((spec) => openNamedNetwork(spec, sessionOptions(args))),
        );
        closing.push(...networks);
        const [first, ...others] = networks.map(({ name }) => name);
        if (first === undefined)
          throw new InputError('no target was named', { hint: 'leave --target out for our own verification' });
        const maker = createAttemptMaker(kit, { sessions, networks, matchers: [] }, seed);
        measured = await auditNetworks({ ...options, maker, networks: [first, ...others] });
      }
    } finally {
      await Promise.all(closing.map((one) => one.close()));
    }
    const findings = livenessFindings(measured, {
      ...runRecord({ ...args, ownership }, { version, seed, startedAt }),
      targetHash: `${measured.target} ${version}`,
      ...{ matchers, thresholds, queries, models: [] },
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
  // In their own order, which is that of their cost.
  return ATTACK_SPECIES.filter(({ name }) => names.includes(name));
}
