import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { describeEncoder } from '../audit/protection/make-receipt.ts';
import type { Receipt } from '../audit/protection/receipt.ts';
import { type CleanPhoto, embedCleanPhotos, listCleanPhotos } from '../audit/protection/reference-photos.ts';
import { openCloak } from '../defence/photo/cloak/cloak-photo.ts';
import { type CloakStrength, STRENGTHS, strengthOf, strengthOfBudget } from '../defence/photo/cloak/strength.ts';
import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import { renderReceipts } from '../report/receipts-page.ts';
import { FacewardError, InputError, InterruptedError } from '../util/errors.ts';
import { throwIfAborted } from '../util/progress.ts';
import { readVersion } from './audit-output.ts';
import { type CloakSettings, cloakPhoto, rehearse } from './cloak-run.ts';
import { command } from './command.ts';
import { sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printError, printJson, printNote } from './print.ts';
import { fingerprintOf, listPhotosToProtect, type PhotoToProtect, siblingsOf } from './protected-files.ts';
import { bundledBut, openTestEncoders, protectionArgs, SEVERAL_ENCODERS, severalOf } from './protection-encoders.ts';
import { printReceipts } from './receipt-table.ts';

/** `faceward protect cloak`: photos that recognisers shall not recognise, each with a receipt of what came of it. */
export const protectCloakCommand = command({
  name: 'protect cloak',
  description:
    'Cloaks the faces in photos: changes too slight to disturb a person, which take the face away from its owner for recognisers. Every photo is tested again on encoders that the cloak was not made with, and gets a receipt, which may say that it does not protect.',
  examples: [
    'faceward protect cloak me.jpg --out cloaked/',
    'faceward protect cloak holiday/ --person-dir more-photos-of-me/ --strength high --out cloaked/ --resume',
    'faceward protect cloak people/ --encoders faceres,dlib --test-encoders other.onnx --calibration other.json --json',
  ],
  args: {
    photos: { type: 'positional', description: 'photos, or folders of photos', required: true },
    strength: {
      type: 'string',
      description: `how much a face may change: ${STRENGTHS.join(', ')} (DSSIM 0.004, 0.007, 0.017); default: mid`,
      valueHint: 'strength',
    },
    dssim: { type: 'string', description: 'in place of --strength: a budget of your own', valueHint: 'x' },
    encoders: {
      type: 'string',
      description: `encoders that the cloak is made with, ${SEVERAL_ENCODERS}; default: ${BUNDLED_ENCODERS.join(',')}`,
      valueHint: 'encoders',
    },
    'test-encoders': {
      type: 'string',
      description: 'encoders that it is only tested on; default: the bundled ones that it is not made with',
      valueHint: 'encoders',
    },
    'person-dir': {
      type: 'string',
      description: 'folder of other, clean photos of the person on all of these',
      valueHint: 'folder',
    },
    against: {
      type: 'string',
      description: 'gallery in which the person’s rank is looked up: a folder for each person',
      valueHint: 'folder',
    },
    ...protectionArgs,
    seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
    out: { type: 'string', description: 'folder to write into', default: 'cloaked', valueHint: 'folder' },
    resume: { type: 'boolean', description: 'leave alone what was finished with the same options' },
    force: {
      type: 'boolean',
      description: 'write over files that were not made of these photos; never over the originals',
    },
    'dry-run': { type: 'boolean', description: 'say what would be done, and do nothing' },
    json: { type: 'boolean', description: 'print the receipts' },
  },
  manyPositionals: true,
  repeatable: ['encoders', 'test-encoders', 'calibration'],
  async run({ args, positionals, job }) {
    const strength = chooseStrength(args.strength, args.dssim);
    const seed = wholeNumber(args.seed, '--seed');
    const photos = await listPhotosToProtect(positionals, args.out);
    const usedSpecs = severalOf(args.encoders, BUNDLED_ENCODERS);
    const testSpecs = severalOf(args['test-encoders'], bundledBut(usedSpecs));
    const known = await knownPhotos(photos, args);
    if (!args['dry-run']) await prepareOutputFolder(args.out);
    await using encoders = await openTestEncoders(usedSpecs, testSpecs, args);
    if (encoders.all.every(({ role }) => role === 'used')) {
      printNote('every encoder tested is one that the cloak is made with: name others with --test-encoders');
    }
    await using source = pipelineSource(args);
    const pipeline = await source.openPipeline();
    const faceward = await readVersion();
    const settings: CloakSettings = {
      strength,
      seed,
      faceward,
      out: args.out,
      resume: args.resume === true,
      force: args.force === true,
      encoders: encoders.all,
      person: args.person ?? (args['person-dir'] === undefined ? undefined : basename(resolve(args['person-dir']))),
      options: hashOf({
        faceward,
        strength,
        seed,
        encoders: encoders.all.map(describeEncoder),
        person: args.person ?? null,
        known: await Promise.all(known.map(async ({ person, path }) => [person, path, await fingerprintOf(path)])),
      }),
    };
    if (args['dry-run']) return rehearse(photos, settings, job);
    await using _lock = await lockOutput(resolve(args.out));
    await using cloak = await openCloak(encoders.used, sessionOptions(args));
    const references =
      known.length === 0
        ? undefined
        : await embedCleanPhotos(
            known,
            encoders.all.map(({ encoder }) => encoder),
            pipeline,
            { ...job, onSkipped: (reason) => printNote(`left out: ${reason}`) },
          );
    const receipts: Receipt[] = [];
    let failures = 0;
    for (const [done, photo] of photos.entries()) {
      throwIfAborted(job);
      try {
        receipts.push(await cloakPhoto(photo, { cloak, pipeline, references }, settings, job));
      } catch (error) {
        if (!(error instanceof FacewardError) || error instanceof InterruptedError) throw error;
        failures++;
        printError(error);
      }
      job.onProgress({ stage: 'cloaking photos', done: done + 1, total: photos.length });
    }
    const page = join(args.out, 'receipts.html');
    if (receipts.length > 0) await writeOutputFile(page, renderReceipts(receipts));
    if (args.json) printJson(receipts);
    else if (receipts.length > 0) printReceipts(receipts, page);
    return failures > 0 ? 2 : 0;
  },
});

function chooseStrength(name: string | undefined, dssim: string | undefined): CloakStrength {
  if (name !== undefined && dssim !== undefined) {
    throw new InputError('--strength and --dssim say the same thing twice', { hint: 'give one of them' });
  }
  return dssim === undefined
    ? strengthOf(oneOf(name, '--strength', STRENGTHS) ?? 'mid')
    : strengthOfBudget(positiveNumber(dssim, '--dssim'));
}

/** Clean photos to compare with: those that were named, else those in the same folder as each photo. */
async function knownPhotos(
  photos: readonly PhotoToProtect[],
  args: {
    readonly 'person-dir'?: string | undefined;
    readonly against?: string | undefined;
    readonly person?: string | undefined;
  },
): Promise<CleanPhoto[]> {
  const { 'person-dir': personDir, against } = args;
  if (personDir === undefined && against === undefined) return siblingsOf(photos);
  const person = args.person ?? (personDir === undefined ? '' : basename(resolve(personDir)));
  const own = personDir === undefined ? [] : (await listCleanPhotos(personDir)).map((photo) => ({ ...photo, person }));
  return [...own, ...(against === undefined ? [] : await listCleanPhotos(against))];
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
