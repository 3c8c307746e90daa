import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { openGenerator } from '../../attack/inversion/generator-adapter.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import { type CutHead, cutHead } from '../../face/head-cut.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Image } from '../../image/image.ts';
import { warpAffine } from '../../image/warp.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { InputError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';
import { HEAD_PX, looksAtCamera } from './liveness-person.ts';

/** Faces that are drawn until one of them is found and looks at the camera. */
const DRAWS = 20;

/** Side of the picture that a generated face is laid in, and of the face there: a generator gives no more than the face, and a detector wants something about it. */
const [PICTURE_PX, FACE_PX] = [384, 208];

/** Makes faces that are nobody's. */
export interface FaceInventor {
  /** The frames made of it imitate a face and are not marked: they go into a measurement, or through `writeMarkedClip`. @throws InputError where the generator makes no face that is found. */
  readonly invent: (random: Random) => Promise<CutHead>;
  close(): Promise<void>;
}

/** Opens a generator for inventing faces; what lies about a face is its border, repeated. */
export async function openFaceInventor(
  generator: Generator,
  pipeline: FacePipeline,
  options: SessionOptions = {},
): Promise<FaceInventor> {
  const opened = await openGenerator(generator, { ...options, batchSize: 1 });
  return {
    invent: async (random) => {
      for (let draw = 0; draw < DRAWS; draw++) {
        const [face] = facePictures(await opened.generate([random.normals(generator.latentSize)]));
        if (!face) continue;
        const picture = withSurroundings(face);
        const [found] = await pipeline.detect(picture, { maxFaces: 1 });
        if (found && looksAtCamera(found)) return cutHead(picture, found, HEAD_PX);
      }
      throw new InputError(`no face was found in ${DRAWS} pictures of the generator`, {
        hint: 'train one with `faceward train generator`',
      });
    },
    close: () => opened.close(),
  };
}

function withSurroundings(face: Image): Image {
  const step = face.widthPx / FACE_PX;
  const start = (step - 1 - step * (PICTURE_PX - FACE_PX)) / 2;
  return warpAffine(face, [step, 0, start, 0, step, start], {
    ...{ widthPx: PICTURE_PX, heightPx: PICTURE_PX },
    border: 'replicate',
  });
}
