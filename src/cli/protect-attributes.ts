import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type MatchLimit, matchLimit } from '../audit/match-limit.ts';
import { describeEncoder } from '../audit/protection/make-receipt.ts';
import type { FailedPhoto, Receipt } from '../audit/protection/receipt.ts';
import { listCleanPhotos } from '../audit/protection/reference-photos.ts';
import { TRANSFORMATIONS } from '../audit/protection/transformations.ts';
import { HIDEABLE_WORDS } from '../defence/photo/attribute/hidden-attributes.ts';
import { attributeProtection } from '../defence/photo/attribute/protect-photo.ts';
import { REMOVALS } from '../defence/photo/attribute/removal.ts';
import { openCloak } from '../defence/photo/cloak/cloak-photo.ts';
import { BLUR_RATES } from '../defence/photo/identity/hide-identity.ts';
import { renderReceipts } from '../report/receipts-page.ts';
import { FacewardError, InputError, InterruptedError } from '../util/errors.ts';
import { mapParallel } from '../util/parallel.ts';
import { type AttributeModels, attributeModelArgs, openAttributeModels } from './attribute-models.ts';
import { calibrationsFor } from './audit-calibration.ts';
import { readVersion } from './audit-output.ts';
import { command } from './command.ts';
import { secretOf } from './draw-secret.ts';
import { type SessionArgs, sessionOptions } from './encoder-options.ts';
import { type AttributeWords, type FacePlan, type FacePolicy, policyForAll, readPolicy } from './face-policy.ts';
import { pipelineSource } from './face-source.ts';
import { recogniser } from './gallery-people.ts';
import { listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeWhole } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printError, printJson, printLine, printNote, someOf } from './print.ts';
import { claimReceipts, refuseInside, requireOwnReceipts } from './protect-attributes-receipts.ts';
import { writeReviewSheet } from './protect-attributes-review.ts';
import {
  type ProtectionSettings,
  type ProtectionWorkshop,
  protectPhoto,
  rehearsePhoto,
  resolveWords,
} from './protect-attributes-run.ts';
import { printProtection } from './protect-attributes-table.ts';
import {
  fingerprintOf,
  listOtherFiles,
  listPhotosToProtect,
  originalsOf,
  type PhotoToProtect,
} from './protected-files.ts';
import {
  bundledBut,
  openCleanPhotos,
  openTestEncoders,
  protectionArgs,
  SEVERAL_ENCODERS,
  severalOf,
} from './protection-encoders.ts';

const { person: _person, ...encoderOptions } = protectionArgs;

/** `faceward protect attributes`: photos that keep who is on them, and not what machines read off a face. */
export const protectAttributesCommand = command({
  name: 'protect attributes',
  description:
    'Hides attributes of faces, such as sex, age and glasses, as strongly as recognition of the same person allows; or, by a policy for each face, keeps, cloaks or covers it. Metadata is removed, and every photo gets a receipt of what readers and encoders that were not used still see.',
  examples: [
    'faceward protect attributes me.jpg --hide sex,age --out protected/',
    'faceward protect attributes holiday/ --policy policy.json --out protected/ --review --resume',
    'faceward protect attributes me.jpg --hide glasses --keep smile --tar 0.9 --encoders faceres,dlib --test-encoders my.onnx --calibration my.json',
    'faceward protect attributes me.jpg --edit wrinkles,smiling=1',
  ],
  args: {
    photos: { type: 'positional', description: 'photos, or folders of photos', required: true },
    hide: {
      type: 'string',
      description: `what to hide: ${HIDEABLE_WORDS.join(', ')}, or attributes of the editor`,
      valueHint: 'words',
    },
    keep: { type: 'string', description: 'what must stay, in the same words', valueHint: 'words' },
    edit: {
      type: 'string',
      description:
        'changes for looks, which hide nothing: presets, attribute=value with -1..1, or image operations, such as drawn:beard=0.5',
      valueHint: 'edits',
    },
    removal: {
      type: 'string',
      description: `how attributes are hidden: ${REMOVALS.join(', ')}; default: draw, a value from the population whatever the face has`,
      valueHint: 'removal',
    },
    policy: {
      type: 'string',
      description: 'what becomes of which face, in place of --hide for all',
      valueHint: 'file.json',
    },
    tar: {
      type: 'string',
      description:
        'share of the genuine comparisons with other photos that still have to match; less allows more hiding',
      default: '0.99',
      valueHint: 'share',
    },
    encoders: {
      type: 'string',
      description: `encoders whose match is kept, ${SEVERAL_ENCODERS}; default: faceres`,
      valueHint: 'encoders',
    },
    'test-encoders': {
      type: 'string',
      description: 'encoders that it is only tested on; default: the bundled ones whose match is not kept',
      valueHint: 'encoders',
    },
    ...attributeModelArgs,
    ...encoderOptions,
    seed: {
      type: 'string',
      description:
        'secret text to draw from; default: a fresh secret, kept beside the receipts. Whoever knows it can undo the draw',
      valueHint: 'text',
    },
    out: {
      type: 'string',
      description: 'folder for the photos; it may be published',
      default: 'protected',
      valueHint: 'folder',
    },
    receipts: {
      type: 'string',
      description: 'folder for the receipts, which are not to be published; default: that of --out with “.receipts”',
      valueHint: 'folder',
    },
    quick: {
      type: 'boolean',
      description: 'keep the match and test it as photos are written, not after JPEG, resizing, a screenshot and blur',
    },
    workers: { type: 'string', description: 'photos at once; default: one for each core, at most 4', valueHint: 'n' },
    resume: { type: 'boolean', description: 'leave alone what was finished with the same options' },
    force: {
      type: 'boolean',
      description: 'write over files that were not made of these photos; never over the originals',
    },
    review: { type: 'boolean', description: 'also write a sheet with every face, before and after: it shows faces' },
    'dry-run': { type: 'boolean', description: 'say what would become of each face, and write nothing' },
    json: { type: 'boolean', description: 'print the receipts, and the photos that failed' },
  },
  manyPositionals: true,
  repeatable: ['hide', 'keep', 'edit', 'encoders', 'test-encoders', 'calibration', 'judges'],
  async run({ args, positionals, job }) {
    const words: AttributeWords = {
      hide: listOf(args.hide),
      keep: listOf(args.keep),
      edit: listOf(args.edit),
      removal: oneOf(args.removal, '--removal', REMOVALS) ?? 'draw',
      shares: {},
    };
    const policy =
      args.policy === undefined ? policyForAll({ action: 'attributes', words }) : await readPolicy(args.policy, words);
    const tar = shareBelowOne(args.tar, '--tar');
    const workers = wholeNumber(args.workers, '--workers', { min: 1, max: 256 }) ?? Math.min(4, availableParallelism());
    const receipts = args.receipts ?? `${resolve(args.out)}.receipts`;
    refuseInside(receipts, args.out);
    await requireOwnReceipts(receipts, args.out);
    const photos = await listPhotosToProtect(positionals, args.out);
    await noteOtherFiles(positionals, [args.out, receipts]);
    // Photos share the cores already.
    const sessionArgs: SessionArgs = workers > 1 && args.threads === undefined ? { ...args, threads: '1' } : args;
    const session = sessionOptions(sessionArgs);
    const usedSpecs = severalOf(args.encoders, ['faceres']);
    await using encoders = await openTestEncoders(usedSpecs, severalOf(args['test-encoders'], bundledBut(usedSpecs)), {
      ...args,
      ...sessionArgs,
    });
    const limits = await limitsOf(encoders.all, severalOf(args.calibration, []), tar);
    if (policy.plans.some((plan) => plan.action === 'hide' && plan.cover === 'blur')) {
      printNote(`blur is weak protection: ${BLUR_RATES}`);
    }
    const isAsked = (action: FacePlan['action']): boolean => policy.plans.some((plan) => plan.action === action);
    await using models = isAsked('attributes') ? await openAttributeModels(args, session) : undefined;
    checkWords(policy, models);
    await using cloak = isAsked('cloak') ? await openCloak(encoders.used, session) : undefined;
    await using source = pipelineSource(sessionArgs);
    const pipeline = await source.openPipeline();
    const references =
      policy.gallery === undefined ? undefined : await openCleanPhotos(policy.gallery, encoders.all, pipeline, job);
    if (references) requirePeople(policy, references.people);
    const secret = await secretOf(args.seed, receipts, { isKept: !args['dry-run'] });
    const faceward = await readVersion();
    const transformations = args.quick ? TRANSFORMATIONS.slice(0, 1) : TRANSFORMATIONS;
    const settings: ProtectionSettings = {
      policy,
      secret,
      faceward,
      out: args.out,
      receipts,
      resume: args.resume === true,
      force: args.force === true,
      encoders: encoders.all,
      limits,
      transformations,
      models: models ? modelCards(models) : [],
      originals: await originalsOf(photos),
      claimed: new Map(),
      options: hashOf({
        faceward,
        tar,
        policy: { ...policy, planOf: undefined },
        rules: args.policy === undefined ? null : await readFile(args.policy, 'utf8'),
        encoders: encoders.all.map(describeEncoder),
        limits: [...limits],
        models: models ? modelCards(models) : [],
        transformations: transformations.map(({ name }) => name),
        draws: hashOf([...secret]),
        gallery: policy.gallery === undefined ? [] : await fingerprintsOf(policy.gallery),
      }),
    };
    const workshop: ProtectionWorkshop = {
      pipeline,
      references,
      cloak,
      recognise: recogniser(references, encoders.all),
      protection: models
        ? attributeProtection(
            { editor: models.editor.model, reader: models.reader.model },
            encoders.used.map((encoder) => ({ encoder, limit: limits.get(encoder.id)?.similarity ?? 1 })),
            transformations,
          )
        : undefined,
      judges: models?.judges.map(({ model }) => model) ?? [],
    };
    if (args['dry-run']) {
      const rehearsed = await eachPhoto(photos, 1, job, async (photo) =>
        printLine(await rehearsePhoto(photo, workshop, settings)),
      );
      return rehearsed.failed.length > 0 ? 2 : 0;
    }
    await prepareOutputFolder(args.out);
    await prepareOutputFolder(receipts);
    await using _lock = await lockOutput(resolve(args.out));
    await using _receiptsLock = await lockOutput(resolve(receipts));
    await claimReceipts(receipts, args.out);
    const { done, failed } = await eachPhoto(photos, workers, job, (photo) =>
      protectPhoto(photo, workshop, settings, job),
    );
    const page = join(receipts, 'receipts.html');
    const made = done.map(({ receipt }) => receipt);
    await writeWhole(page, renderReceipts(made, { failed }), { mode: 0o600 });
    const sheet = args.review ? await writeReviewSheet(done, { folder: receipts, failed }) : undefined;
    if (args.json) printJson({ receipts: made, failed });
    else printProtection(made, { failed, page, sheet, out: args.out });
    return failed.length > 0 ? 2 : 0;
  },
});

/** Does the work on every photo; what fails is told and kept, and the rest goes on. @throws InterruptedError, and what is no fault of a photo. */
async function eachPhoto<T>(
  photos: readonly PhotoToProtect[],
  workers: number,
  job: Parameters<typeof protectPhoto>[3],
  work: (photo: PhotoToProtect) => Promise<T>,
): Promise<{ readonly done: readonly T[]; readonly failed: readonly FailedPhoto[] }> {
  let count = 0;
  const failed: FailedPhoto[] = [];
  const results = await mapParallel(photos, workers, async (photo) => {
    if (job.signal?.aborted) throw new InterruptedError('stopped on request', { hint: 'go on with --resume' });
    try {
      return { value: await work(photo) };
    } catch (error) {
      if (!(error instanceof FacewardError) || error instanceof InterruptedError) throw error;
      failed.push({ photo: photo.relativePath, problem: error.message, hint: error.hint });
      printError(error);
      return undefined;
    } finally {
      job.onProgress?.({ stage: 'protecting photos', done: ++count, total: photos.length });
    }
  });
  return { done: results.flatMap((result) => (result ? [result.value] : [])), failed };
}

/** How like its original a face has to stay for each encoder whose match is kept. @throws InputError where one was never calibrated. */
async function limitsOf(
  encoders: readonly { readonly encoder: { readonly id: string; readonly hash: string }; readonly role: string }[],
  calibrationFiles: readonly string[],
  tar: number,
): Promise<Map<string, MatchLimit>> {
  const kept = encoders.filter(({ role }) => role === 'used').map(({ encoder }) => encoder);
  const calibrations = await calibrationsFor(
    calibrationFiles,
    encoders.map(({ encoder }) => encoder),
  );
  const limits = new Map<string, MatchLimit>();
  for (const encoder of kept) {
    const limit = matchLimit(await calibrations.of(encoder), tar);
    if (!limit) {
      throw new InputError(`${encoder.id} has no thresholds, so that no match can be kept with it`, {
        hint: 'make them with faceward calibrate, and give --calibration; or name it in --test-encoders',
      });
    }
    if (limit.tar === null)
      printNote(`${encoder.id}: how like themselves people are is unknown, so --tar stands for ${limit.basis}`);
    limits.set(encoder.id, limit);
  }
  return limits;
}

/** A rule for a person whom the gallery does not have would never fit, and the face get what is meant for others. @throws InputError that names who is missing. */
function requirePeople({ people }: FacePolicy, known: ReadonlySet<string>): void {
  const missing = people.filter((person) => !known.has(person));
  if (missing.length === 0) return;
  throw new InputError(`the policy names ${missing.join(', ')}, of whom the gallery has no face`, {
    hint: `it knows ${[...known].join(', ') || 'nobody'}`,
  });
}

/** Wrong words are told before any photo is read. @throws InputError for them. */
function checkWords({ plans }: FacePolicy, models: AttributeModels | undefined): void {
  for (const plan of plans) {
    if (plan.action === 'attributes' && models) resolveWords(plan.words, models.editor.model.attributes);
  }
}

/** A folder may hold what is no photo by its name; nothing is left out silently. */
async function noteOtherFiles(paths: readonly string[], outputs: readonly string[]): Promise<void> {
  const others = await listOtherFiles(paths, outputs);
  if (others.length === 0) return;
  printNote(`no photos by their names, and left out: ${someOf(others)}`);
}

function shareBelowOne(text: string, option: string): number {
  const value = positiveNumber(text, option);
  if (value < 1) return value;
  throw new InputError(`${option} ${text} is no share below 1`, { hint: 'give a number such as 0.99 or 0.9' });
}

/** Tells whether a gallery has changed. */
const fingerprintsOf = async (gallery: string): Promise<unknown[]> =>
  Promise.all(
    (await listCleanPhotos(gallery)).map(async ({ person, path }) => [person, path, await fingerprintOf(path)]),
  );

const modelCards = ({ editor, reader, judges }: AttributeModels): NonNullable<Receipt['models']> => [
  { role: 'editor', id: editor.id, hash: editor.hash },
  { role: 'reader', id: reader.id, hash: reader.hash },
  ...judges.map(({ id, hash }) => ({ role: 'judge' as const, id, hash })),
];

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
