import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KEPT_FREQUENCIES } from '../defence/training/masking/front.ts';
import { MASKING_FORMS, mostMixed, parseMasking } from '../defence/training/masking/kinds.ts';
import { requireMixable } from '../defence/training/masking/mix-plan.ts';
import { resizeImage } from '../image/resize.ts';
import { CipherRandom } from '../util/cipher-random.ts';
import { InputError } from '../util/errors.ts';
import { freshSecret } from '../util/secret-random.ts';
import { readVersion } from './audit-output.ts';
import { command } from './command.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { exposureText } from './exposure-text.ts';
import { peopleArgs } from './face-source.ts';
import { DATASET_FILES, MANIFEST, planMaskedDataset, writeMaskedDataset } from './masked-dataset-files.ts';
import { readTrainedMasking, trainedMaskingArgs } from './masked-dataset-models.ts';
import { privateFolder } from './mix-log-file.ts';
import { oneOf, wholeNumber } from './option-values.ts';
import { prepareOutputFolder } from './output-file.ts';
import { lockOutput } from './output-lock.ts';
import { printJson, printLine, printNote } from './print.ts';
import { secretOfText } from './secret-file.ts';
import { BAD_DATA, badDataArg, usableTrainingFaces } from './training-people.ts';

/** Exit status where the set is exposed and nobody said that it may be. */
const REFUSED = 3;

/** `faceward export masked`: a data set of mixed faces for a trainer elsewhere. */
export const exportMaskedCommand = command({
  name: 'export masked',
  description:
    'Writes the faces of the training side masked and mixed, with soft labels and a manifest, for a trainer who is not to see the faces. What can take them apart (who was mixed with whom, the front, the names) goes into a folder beside it that stays here. A set that is exposed is not written.',
  examples: [
    'faceward export masked --data faces/ --masking fixed:4 --out masked/',
    'faceward export masked --data faces/ --masking random --rounds 2 --out masked/ --json',
    'faceward export masked --data faces/ --masking adaptive --strategy masked.strategy.onnx --out masked/',
    'faceward export masked --data faces/ --masking noise:40 --allow-exposed --out masked/',
    'faceward check masking masked/',
  ],
  args: {
    ...peopleArgs,
    masking: {
      type: 'string',
      description: `how faces are masked: ${MASKING_FORMS}; dp-sgd is refused, which masks no faces`,
      default: 'fixed:4',
      valueHint: 'form',
    },
    rounds: {
      type: 'string',
      description: 'mixes that each face is in, each time with others; more than one may let it be solved for',
      default: '1',
      valueHint: 'n',
    },
    ...trainedMaskingArgs,
    size: {
      type: 'string',
      description: 'side of the face in px, a multiple of 16 (default 112)',
      valueHint: 'px',
    },
    frequencies: {
      type: 'string',
      description: `frequencies of a block that are kept (default ${KEPT_FREQUENCIES})`,
      valueHint: 'n',
    },
    'bad-data': badDataArg,
    'max-reencodings': {
      type: 'string',
      description: 'mixes that one image may be in',
      default: '4',
      valueHint: 'n',
    },
    'allow-exposed': { type: 'boolean', description: 'write the set though it can be taken apart' },
    seed: {
      type: 'string',
      description:
        'draw everything from this text, so that the set can be made again: who knows it knows the order of the frequencies, the mixes, the noise and the signs. Default: a fresh secret of 256 bits, kept nowhere',
      valueHint: 'text',
    },
    out: { type: 'string', description: 'folder of the data set', required: true, valueHint: 'folder' },
    force: { type: 'boolean', description: 'write over a data set that is there' },
    json: { type: 'boolean', description: 'print the manifest' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const masking = parseMasking(args.masking);
    requireMixable(masking, args.strategy !== undefined);
    if (args.frequencies !== undefined && masking.front === 'pixels')
      throw new InputError(`--masking ${masking.name} keeps pixels, and has no use for --frequencies`);
    if (args.seed !== undefined)
      printNote('the set is drawn from --seed: whoever knows or guesses it undoes the masking');
    const badData = oneOf(args['bad-data'], '--bad-data', BAD_DATA);
    const asked = {
      masking,
      rounds: wholeNumber(args.rounds, '--rounds', { min: 1, max: 1000 }),
      sizePx: wholeNumber(args.size, '--size', { min: 32, max: 512 }) ?? 112,
      frequencies: wholeNumber(args.frequencies, '--frequencies', { min: 1 }) ?? KEPT_FREQUENCIES,
      maxReencodings: wholeNumber(args['max-reencodings'], '--max-reencodings', { min: 1 }),
      random: new CipherRandom(args.seed === undefined ? freshSecret() : secretOfText(args.seed, '--seed'), 'export'),
    };
    const trained = await readTrainedMasking(args, masking);
    const settings = { ...asked, trained, sizePx: trained?.front.sizePx ?? asked.sizePx };
    await prepareOutputFolder(args.out);
    await using _lock = await lockOutput(resolve(args.out));
    if (!args.force) await requireFree(args.out);
    const { people } = await usableTrainingFaces(args.data, args, { ...job, leastPhotos: 1, badData });
    const faces = [...people.values()].flat().map(({ id, person, image }) => ({
      id,
      person,
      image: resizeImage(image, settings.sizePx, settings.sizePx),
    }));
    const work = { ...settings, ...job, ...sessionOptions(args) };
    const plan = await planMaskedDataset(faces, work);
    if (plan.exposure.exposed) {
      printNote(exposureText(plan.exposure));
      if (mostMixed(masking) === 1)
        printNote(`--masking ${masking.name} mixes nobody: that counts as exposed, whatever else hides the faces`);
      if (!args['allow-exposed']) {
        printNote('nothing was written: give fewer --rounds or a masking that mixes more, or add --allow-exposed');
        return REFUSED;
      }
    }
    const manifest = await writeMaskedDataset(args.out, faces, plan, { ...work, faceward: await readVersion() });
    if (args.json) printJson(manifest);
    else {
      printLine(`${args.out}: ${manifest.mixes} mixes of ${manifest.images} faces of ${manifest.people} people`);
      printLine(`${privateFolder(args.out)}: who was mixed with whom, the front and the names; keep it to yourself`);
    }
    return 0;
  },
});

/** Lets an unfinished data set be made again. @throws InputError where the folder holds a finished one, or what is none; or where what is private is there alone. */
async function requireFree(out: string): Promise<void> {
  const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
  const isUnfinished = (name: string): boolean => name !== MANIFEST && DATASET_FILES.has(name.replace(/\.part$/, ''));
  const [own, kept] = [await names(out), await names(privateFolder(out))];
  // Without its set beside it, what is private is of one that was moved away, and there is no other.
  const inTheWay = [
    ...own.filter((name) => !isUnfinished(name)).map((name) => join(out, name)),
    ...kept.filter((name) => own.length === 0 || !isUnfinished(name)).map((name) => join(privateFolder(out), name)),
  ];
  const [first] = inTheWay;
  if (first === undefined) return;
  throw new InputError(`${first} is there already`, { hint: 'choose another folder with --out, or add --force' });
}
