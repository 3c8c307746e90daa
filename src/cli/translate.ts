import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { alignedFace } from '../encoder/aligned-face.ts';
import { CANONICAL_VIEW } from '../face/alignment.ts';
import { mainFace } from '../face/main-face.ts';
import type { Image } from '../image/image.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { resizeImage } from '../image/resize.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { sessionArgs } from './encoder-options.ts';
import { type PipelineSource, pipelineSource } from './face-source.ts';
import { prepareOutputFolder, writeOutputFile } from './output-file.ts';
import { readPhotos } from './photo-arguments.ts';
import { printError, printLine, printNote } from './print.ts';
import { translatedPicture, translatorFromFile, translatorInput } from './translator-faces.ts';

/** Width of the pictures: twice what the translator gives, so that the mark is legible. */
const PICTURE_PX = 128;

/** `faceward translate`: faces as a translator makes them, marked. */
export const translateCommand = command({
  name: 'translate',
  description:
    'Writes the main faces of photos as a translator makes them. Every picture bears a mark and says in its metadata how it was made.',
  examples: ['faceward translate photos/ --translator ann-to-ben.onnx --out translated/'],
  args: {
    photos: { type: 'positional', description: 'photos, or folders of photos', required: true },
    translator: {
      type: 'string',
      description: 'made by faceward train translator',
      required: true,
      valueHint: 'file.onnx',
    },
    out: { type: 'string', description: 'folder to write into', required: true, valueHint: 'folder' },
    aligned: { type: 'boolean', description: 'the pictures are aligned faces already (ArcFace’s 112x112 template)' },
    ...sessionArgs,
  },
  manyPositionals: true,
  async run({ args, positionals, job }) {
    const translator = await translatorFromFile(args.translator, args);
    await using source = pipelineSource(args);
    try {
      await prepareOutputFolder(args.out);
      let failures = 0;
      for await (const photo of readPhotos(positionals, job)) {
        const face = 'problem' in photo ? photo.problem : await cutFace(photo.image, args.aligned, source);
        if (face instanceof InputError) {
          failures++;
          printError(face);
          continue;
        }
        if (!face) {
          printNote(`${photo.path}: no face was found`);
          continue;
        }
        const path = join(args.out, `${basename(photo.path, extname(photo.path))}-translated.png`);
        if (await stat(path).catch(() => undefined)) {
          throw new InputError(`${path} is there already`, { hint: 'choose another folder with --out, or delete it' });
        }
        const [made] = await translator.translate([translatorInput(face)]);
        const picture = resizeImage(translatedPicture(made as Float32Array), PICTURE_PX, PICTURE_PX);
        const detail = `translator ${basename(args.translator)}`;
        await writeOutputFile(path, await encodeMarkedPng(picture, { kind: 'edited', method: 'cyclegan', detail }));
        printLine(path);
      }
      return failures > 0 ? 2 : 0;
    } finally {
      await translator.close();
    }
  },
});

async function cutFace(
  image: Image,
  isAligned: boolean | undefined,
  source: PipelineSource,
): Promise<Image | undefined> {
  if (isAligned) return alignedFace(image, 'canonical', CANONICAL_VIEW);
  const face = mainFace(await (await source.openPipeline()).detect(image), image);
  return face && alignedFace(image, face.landmarks, CANONICAL_VIEW);
}
