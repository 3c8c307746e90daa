import type { Face } from '../face/face.ts';
import { assessQuality } from '../face/quality.ts';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { drawDot, drawRectangle } from '../image/outline.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { sessionArgs } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { wholeNumber } from './option-values.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';
import { readPhotos } from './photo-arguments.ts';
import { printError, printJson, printNote } from './print.ts';

/** `faceward detect`: faces with their points, as JSON and as a picture. */
export const detectCommand = command({
  name: 'detect',
  description: 'Finds the faces in photos: boxes, five points and quality as JSON, and a picture of them.',
  examples: [
    'faceward detect photo.jpg',
    'faceward detect group.jpg --out boxes.png',
    'faceward detect photos/ --mesh > faces.json',
  ],
  args: {
    photos: { type: 'positional', description: 'photos, or folders of photos', required: true },
    out: { type: 'string', description: 'PNG of the one photo, with boxes and points', valueHint: 'file' },
    mesh: { type: 'boolean', description: 'add the 468 points of the mesh' },
    'min-face': { type: 'string', description: 'the smallest face to look for, in px', default: '40', valueHint: 'px' },
    ...sessionArgs,
    json: { type: 'boolean', description: 'print JSON; it always does' },
  },
  manyPositionals: true,
  async run({ args, positionals, job }) {
    const minFacePx = wholeNumber(args['min-face'], '--min-face', { min: 8 });
    if (args.out !== undefined) await prepareOutputFile(args.out);
    await using source = pipelineSource(args);
    const found: object[] = [];
    let failures = 0;
    let picture: Image | undefined;
    for await (const photo of readPhotos(positionals, job)) {
      if ('problem' in photo) {
        failures++;
        printError(photo.problem);
        continue;
      }
      const { path, image } = photo;
      const pipeline = await source.openPipeline();
      const faces = await pipeline.detect(image, { minFacePx });
      found.push({
        file: path,
        widthPx: image.widthPx,
        heightPx: image.heightPx,
        faces: faces.map((face) => shown(image, face, args.mesh)),
      });
      if (args.out === undefined) continue;
      if (picture) throw new InputError('--out draws one photo', { hint: 'name one photo, or leave --out away' });
      picture = drawFaces(image, faces);
    }
    printJson(found);
    if (args.out !== undefined && picture) {
      await writeOutputFile(args.out, await encodePng(picture));
      printNote(`${args.out} shows the faces`);
    }
    return failures > 0 ? 2 : 0;
  },
});

/** A face as it is printed: what was found, its quality, and the mesh where it was asked for. */
function shown(image: Image, face: Face, withMesh: boolean | undefined): object {
  const { mesh, ...found } = face;
  return { ...found, quality: assessQuality(image, face), ...(withMesh ? { mesh } : {}) };
}

const GREEN = [64, 224, 96] as const;
const ORANGE = [255, 144, 0] as const;

/** A copy of the photo with a box and five points for each face, thick enough to be seen at any size. */
function drawFaces(image: Image, faces: readonly Face[]): Image {
  const drawn = { ...image, data: image.data.slice() };
  const thicknessPx = Math.max(1, Math.round(Math.max(image.widthPx, image.heightPx) / 400));
  for (const { box, landmarks } of faces) {
    drawRectangle(drawn, box, thicknessPx, GREEN);
    for (const point of landmarks) drawDot(drawn, point, 2 * thicknessPx + 1, ORANGE);
  }
  return drawn;
}
