import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
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
import { auditLivenessArgs, livenessAuditSettings } from './audit-liveness-args.ts';
import { finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { command } from './command.ts';
import { sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { presentationsPlan } from './liveness-audit-plan.ts';
import { requireItsNetwork, SHIPPED_CALIBRATION } from './liveness-calibration-file.ts';
import { openAttackFiles } from './liveness-kit.ts';
import { readLivenessPeople } from './liveness-people.ts';
import { openLivenessTarget } from './liveness-target.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';
import { startShares, threadsEach } from './share-processes.ts';

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
  args: auditLivenessArgs,
  repeatable: ['drivers'],
  async run({ args, job }) {
    const startedAt = new Date();
    const settings = await livenessAuditSettings(args);
    const { seed, attempts, draws, fmr, budgetMs, calibration, ownership, chosen, share, processes } = settings;
    const baseline = await readBaseline(args.baseline);
    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, share ? `audit-${share.index}` : 'audit'));
    // Nobody is to wait for people to be read before a file is found wanting.
    await requireFolder(resolve(args.people));
    const networkArgs = { ...args, threads: args.threads ?? (processes > 1 ? threadsEach(processes) : undefined) };
    await using target = await openLivenessTarget({ ...networkArgs, ownership }, fmr);
    if (calibration && target.kind === 'local') requireItsNetwork(calibration, target.network?.name);
    await using source = pipelineSource(networkArgs);
    await using files = await openAttackFiles(chosen, args, { source, job, options: sessionOptions(networkArgs) });
    const sides = await readLivenessPeople(args.people, source, job);
    const sessions = await source.openSessions();
    const opened = files.kitFor(sides);
    for (const { species, reason } of opened.left) printNote(`left out: ${species.name}, ${reason}`);
    const isFitted = target.kind === 'local' && !calibration;
    const known = opened.species.filter(({ name }) => !isFitted || opened.attacked[name] === undefined);
    if (known.length === 0)
      throw new InputError('there is no attack that can be made of everybody', {
        hint: 'the verification is fitted on others than those who are attacked: name more attacks with --species, or give what they need',
      });
    if (isFitted && sides.calibration.length < 2)
      throw new InputError(
        'there is one person to fit the verification on, and two are needed: each half is fitted by itself',
        {
          hint: `give more people (15 % are on the calibration side), or --liveness-calibration ${SHIPPED_CALIBRATION}`,
        },
      );
    const version = await readVersion();
    const { kit } = opened;
    const work = await openAuditWork(
      {
        ...{ version, target: args.target, networks: target.names, seed, attempts, draws, fmr, encoder: args.encoder },
        ...{ species: opened.species.map(({ name }) => name), calibration, device: args.device },
        ...(await presentationsPlan(sides, args)),
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
      const own = { ...options, fitsAttacks: isFitted };
      if (share) await makeBothSides({ ...own, share }, measure);
      else if (processes > 1) {
        await using others = startShares(processes, job.signal);
        await makeBothSides({ ...own, share: { index: 1, of: processes } }, measure);
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
        ...(target.kind === 'local' ? [judgedByWords(args['liveness-calibration'], sides.calibration.length)] : []),
        ...opened.left.map(({ species, reason }) => `${species.name} was not tried: ${reason}`),
      ],
    });
    return finishAudit(findings, { out: args.out, work, baseline, failOn: settings.failOn, json: args.json === true });
  },
});

const judgedByWords = (given: string | undefined, people: number): string =>
  given === undefined
    ? `the verification was fitted here, on ${people} other people; the one that comes along was not asked`
    : `the verification is judged by the calibration that was given: ${given}`;
