import { join, resolve } from 'node:path';
import { livenessFindings } from '../audit/liveness/report-findings.ts';
import { requireFolder } from '../data/photo-files.ts';
import { formatLivenessCalibration } from '../defence/liveness/liveness-calibration.ts';
import { auditLivenessArgs, livenessAuditSettings } from './audit-liveness-args.ts';
import { finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { command } from './command.ts';
import { sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { presentationsPlan } from './liveness-audit-plan.ts';
import { requireItsNetwork } from './liveness-calibration-file.ts';
import { openAttackFiles } from './liveness-kit.ts';
import { readLivenessPeople } from './liveness-people.ts';
import { openLivenessTarget } from './liveness-target.ts';
import { measureLiveness, requireMeasurable } from './measure-liveness.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';
import { threadsEach } from './share-processes.ts';

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
    requireMeasurable(target, calibration, opened, sides);
    const version = await readVersion();
    const work = await openAuditWork(
      {
        ...{ version, target: args.target, networks: target.names, seed, attempts, draws, fmr, encoder: args.encoder },
        ...{ species: opened.species.map(({ name }) => name), calibration, device: args.device },
        ...(await presentationsPlan(sides, args)),
      },
      share ? { ...args, resume: true } : args,
    );
    const measured = await measureLiveness(target, {
      ...job,
      ...{ people: { calibration: sides.calibration, test: sides.test }, dataset: sides.name },
      ...{ kit: opened.kit, species: opened.species, attacked: opened.attacked, sessions },
      ...{ attempts, draws, seed, calibration, share, processes, store: work.store },
      ...(budgetMs === undefined ? {} : { endsAt: startedAt.getTime() + budgetMs }),
    });
    if (!measured) return 0;
    if (measured.calibration)
      await writeOutputFile(join(args.out, 'calibration.json'), formatLivenessCalibration(measured.calibration));
    const findings = livenessFindings(measured, {
      ...runRecord({ ...args, ownership }, { version, seed, startedAt }),
      targetHash: `${measured.target} ${version}`,
      ...(target.kind === 'local'
        ? { matchers: [target.matcher], thresholds: [target.threshold] }
        : { matchers: [], thresholds: [] }),
      ...{ queries: target.kind === 'endpoint' ? target.endpoint.queries : 0, models: [] },
      people: { calibration: sides.calibration, test: sides.test },
      dataset: { name: sides.name, rejected: sides.rejected },
      notes: [
        'people’s own presentations are simulated: heads with the skin of their photos that do what is asked; what people before a camera would come to is not measured',
        ...(target.kind === 'local' ? [judgedByWords(args['liveness-calibration'], sides.calibration.length)] : []),
        ...(args.swap !== undefined && args['swap-driver'] === undefined ? [STRANGER_DRIVES] : []),
        ...opened.left.map(({ species, reason }) => `${species.name} was not tried: ${reason}`),
      ],
    });
    return finishAudit(findings, { out: args.out, work, baseline, failOn: settings.failOn, json: args.json === true });
  },
});

const STRANGER_DRIVES =
  'the swap was driven by somebody whom its network does not know; whom it was trained upon (--swap-driver) is better at it';

const judgedByWords = (given: string | undefined, people: number): string =>
  given === undefined
    ? `the verification was fitted here, on ${people} other people; the one that comes along was not asked`
    : `the verification is judged by the calibration that was given: ${given}`;
