import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { AttributeAttack } from '../attack/inference/attribute/attack.ts';
import { ATTRIBUTE_ATTACKS } from '../attack/inference/attribute/attacks.ts';
import { affordablePeople } from '../audit/attributes/budget.ts';
import { chooseAttributeSamples } from '../audit/attributes/choose-samples.ts';
import { type ReadFacesOptions, readAttributeFaces } from '../audit/attributes/faces.ts';
import { protectedPhotosOf } from '../audit/attributes/protected-folder.ts';
import { attributeFindings } from '../audit/attributes/report-findings.ts';
import { runAttributeAudit } from '../audit/attributes/run.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceDataset, FaceSample } from '../data/sample.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { wrapEncoder } from '../encoder/wrapped-encoder.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { calibrationsFor } from './audit-calibration.ts';
import { auditArgs, finishAudit, readBaseline, readVersion, runRecord } from './audit-output.ts';
import { openAuditWork } from './audit-work.ts';
import { command } from './command.ts';
import { type EncoderArgs, encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { durationMs, listOf, oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFolder } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printNote } from './print.ts';

/** Measured beside what is asked for, where the data set knows them: what a protection should leave as it is. */
const OTHER_ATTRIBUTES = 'Smiling,Bangs,Black_Hair,Heavy_Makeup,No_Beard,Pale_Skin';

/** Photos that are read to tell how long one takes. */
const TRIAL = 24;

const { 'show-faces': _, ...sharedArgs } = auditArgs;

/** `faceward audit attributes`: what templates and photos give away of attributes, and what a protection changes. */
export const auditAttributesCommand = command({
  name: 'audit attributes',
  description:
    'Measures what templates and photos give away of attributes such as sex, age and glasses, to attackers that are trained on other people; what taking an attribute out of templates is worth; and, with --protected, what protected photos still give away and how well people are recognised in them. Writes findings.json and report.html.',
  examples: [
    'faceward audit attributes --data celeba/ --encoder dlib',
    'faceward audit attributes --data celeba/ --encoder my-encoder.onnx --encoder dlib --attributes Male,Young',
    'faceward audit attributes --data celeba/ --encoder dlib --protected celeba-protected/ --fail-on leaks',
    'faceward audit attributes --data celeba/ --encoder dlib --people 100 --budget 10m',
  ],
  args: {
    data: {
      type: 'string',
      description: 'photos with attributes, as CelebA has them: images/ and attributes.csv, or its own label files',
      valueHint: 'folder',
      required: true,
    },
    attributes: {
      type: 'string',
      description: 'attributes that the verdict is about, by the names of the data set',
      default: 'Male,Young,Eyeglasses',
      valueHint: 'names',
    },
    others: {
      type: 'string',
      description: `attributes that are measured beside; default: ${OTHER_ATTRIBUTES}, as far as the data set has them`,
      valueHint: 'names',
    },
    attacks: {
      type: 'string',
      description: `attacks, of ${ATTRIBUTE_ATTACKS.map(({ id }) => id).join(', ')}; default: all`,
      valueHint: 'names',
    },
    protected: {
      type: 'string',
      description: 'protected photos, called as those in --data: then these are what the verdict is about',
      valueHint: 'folder',
    },
    people: {
      type: 'string',
      description:
        'people who are judged, and as many on whom thresholds are fixed; attackers learn from three times as many',
      default: '300',
      valueHint: 'n',
    },
    out: {
      type: 'string',
      description: 'folder for findings.json and report.html',
      default: 'faceward-attributes',
      valueHint: 'folder',
    },
    'fail-on': {
      type: 'string',
      description: 'leaks: exit with status 3 where attributes are given away',
      valueHint: 'verdict',
    },
    ...sharedArgs,
    ...encoderArgs,
    encoder: {
      ...encoderArgs.encoder,
      default: 'dlib',
      description: `${encoderArgs.encoder.description}; may be given several times: the first is what the verdict is about`,
    },
  },
  repeatable: ['encoder', 'calibration'],
  async run({ args, job }) {
    const startedAt = new Date();
    const failOn = oneOf(args['fail-on'], '--fail-on', ['leaks']);
    const seed = wholeNumber(args.seed, '--seed');
    const people = wholeNumber(args.people, '--people', { min: 20 });
    const budgetMs = durationMs(args.budget, '--budget');
    const attacks = attacksOf(args.attacks);
    const baseline = await readBaseline(args.baseline);
    const dataset = await loadDataset(resolve(args.data), { readSize: readPhotoSize });
    printNote(dataset.description);
    const attributes = attributesOf(args, dataset);
    const choice = { attributes: [...attributes.asked, ...attributes.others], random: new Random(seed) };
    const all = chooseAttributeSamples(dataset, { ...choice, people });
    const protectedPathOf = args.protected === undefined ? undefined : await protectedPhotosOf(dataset, args.protected);

    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(join(args.out, 'audit'));
    const encoders = await openEncoders(args);
    try {
      const calibrations = await calibrationsFor(listOf(args.calibration), encoders);
      const version = await readVersion();
      const plan = {
        version,
        device: args.device,
        encoders: encoders.map(({ hash }) => hash),
        data: [dataset.name, dataset.root],
        samples: samplesHash(all),
        protected: args.protected && resolve(args.protected),
        ...(protectedPathOf ? { protectedFiles: await filesHash(all, protectedPathOf) } : {}),
        attributes,
        attacks: attacks.map(({ id }) => id),
        people,
        seed,
        budget: args.budget,
        calibrations: calibrations.given,
      };
      const work = await openAuditWork(plan, args);
      await using source = pipelineSource(args);
      const reading = {
        ...job,
        encoders,
        openPipeline: source.openPipeline,
        onRejected: (_sample: FaceSample, reason: string) => printNote(`left out: ${reason}`),
      };
      const affordable = await affordablePeople(
        { people, photos: photosIn(all) * (protectedPathOf ? 2 : 1) },
        () => timeOfPhoto(all.test.slice(0, TRIAL), reading),
        { endsAt: budgetMs === undefined ? undefined : startedAt.getTime() + budgetMs, store: work.store },
      );
      if (affordable < people) printNote(`the budget of ${args.budget} allows ${affordable} people`);
      const measured = await runAttributeAudit({
        ...reading,
        ...sessionOptions(args),
        samples: affordable < people ? chooseAttributeSamples(dataset, { ...choice, people: affordable }) : all,
        dataset: dataset.name,
        ...(protectedPathOf ? { protectedPathOf } : {}),
        attributes,
        attacks,
        shippedThresholds: calibrations.thresholdsOf,
        seed,
        store: work.store,
      });
      const [target, ...judges] = encoders;
      const findings = attributeFindings(measured, {
        ...runRecord(args, { version, seed, startedAt }),
        target,
        judges,
        dataset: dataset.name,
        models: [],
        ...(args.protected === undefined ? {} : { protectedName: basename(resolve(args.protected)) }),
      });
      return await finishAudit(findings, { out: args.out, work, baseline, failOn, json: args.json === true });
    } finally {
      await Promise.all(encoders.map((encoder) => encoder.close()));
    }
  },
});

function attacksOf(text: string | undefined): readonly AttributeAttack[] {
  if (text === undefined) return ATTRIBUTE_ATTACKS;
  const names = listOf(text);
  for (const name of names) {
    oneOf(
      name,
      '--attacks',
      ATTRIBUTE_ATTACKS.map(({ id }) => id),
    );
  }
  const attacks = ATTRIBUTE_ATTACKS.filter(({ id }) => names.includes(id));
  const seen = new Set(attacks.map(({ sees }) => sees));
  if (seen.size === 2) return attacks;
  throw new InputError('--attacks needs one on templates and one on photos', {
    hint: ATTRIBUTE_ATTACKS.map(({ id, sees }) => `${id} (${sees === 'embedding' ? 'templates' : 'photos'})`).join(
      ', ',
    ),
  });
}

function attributesOf(
  args: { readonly attributes: string; readonly others?: string | undefined },
  { samples }: FaceDataset,
): { readonly asked: string[]; readonly others: string[] } {
  const asked = [...new Set(listOf(args.attributes))];
  if (asked.length === 0) throw new InputError('--attributes names none', { hint: 'give some, such as Male,Young' });
  const known = Object.keys(samples.find(({ attributes }) => attributes)?.attributes ?? {});
  const others =
    args.others === undefined ? listOf(OTHER_ATTRIBUTES).filter((name) => known.includes(name)) : listOf(args.others);
  return { asked, others: [...new Set(others)].filter((name) => !asked.includes(name)) };
}

/** The encoders that are named, the audited one first; results are told apart by ids. */
async function openEncoders(args: EncoderArgs): Promise<[Encoder, ...Encoder[]]> {
  const [first = args.encoder, ...others] = listOf(args.encoder);
  const own = { ...args, encoder: first };
  const opened: [Encoder, ...Encoder[]] = [await openEncoderFromArgs(own)];
  for (const spec of others) {
    const encoder = await openEncoderFromArgs(own, spec);
    const taken = opened.map(({ id }) => id);
    let id = encoder.id;
    for (let number = 2; taken.includes(id); number++) id = `${encoder.id} (${number})`;
    opened.push(id === encoder.id ? encoder : wrapEncoder(encoder, { id, embed: (faces) => encoder.embed(faces) }));
  }
  return opened;
}

const photosIn = (sides: Readonly<Record<string, readonly FaceSample[]>>): number =>
  Object.values(sides).reduce((sum, side) => sum + side.length, 0);

/** Whose photos are read, and for what. */
const samplesHash = (sides: Readonly<Record<string, readonly FaceSample[]>>): string =>
  createHash('sha256')
    .update(
      JSON.stringify(Object.entries(sides).map(([side, own]) => [side, own.map(({ id, person }) => [id, person])])),
    )
    .digest('hex');

/** Which protected photos there are, how large and from when: photos that were protected anew are not mixed with what was read before. */
async function filesHash(
  sides: Readonly<Record<string, readonly FaceSample[]>>,
  pathOf: (sample: FaceSample) => string | undefined,
): Promise<string> {
  const total = createHash('sha256');
  for (const sample of Object.values(sides).flat()) {
    const path = pathOf(sample);
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    total.update(JSON.stringify([path, found?.size, found?.mtimeMs]));
  }
  return total.digest('hex');
}

/** How long one photo takes to read, in milliseconds; the first opens everything and is not counted. */
async function timeOfPhoto(
  samples: readonly FaceSample[],
  options: Omit<ReadFacesOptions, 'stage' | 'store'>,
): Promise<number> {
  const store = { read: async () => undefined, write: async () => {} };
  const read = (some: readonly FaceSample[]) => readAttributeFaces(some, { ...options, store, stage: 'timing' });
  await read(samples.slice(0, 2));
  const before = Date.now();
  await read(samples.slice(2));
  return (Date.now() - before) / Math.max(1, samples.length - 2);
}
