import { randomInt } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { speciesNumber } from '../attack/presentation/species.ts';
import { openSwap } from '../attack/presentation/swap/swap.ts';
import { swapClip } from '../attack/presentation/swap/swap-face.ts';
import { readModel } from '../audit/inversion/shipped.ts';
import { fivePointsOf } from '../face/landmarks.ts';
import { decodeImage } from '../image/decode.ts';
import type { Clip } from '../image/frames/clip.ts';
import { requireClipTarget, writeMarkedClip } from '../image/frames/marked-clip.ts';
import { readClip } from '../image/frames/read-clip.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { isVideo, requireUnmarkedClip, requireUnmarkedPhoto } from './clip-files.ts';
import { command } from './command.ts';
import { trackClip } from './driver-track.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { positiveNumber } from './option-values.ts';
import { printJson, printLine } from './print.ts';

/** `faceward swap`: a trained face on the face of a clip or a photo, marked. */
export const swapCommand = command({
  name: 'swap',
  description:
    'Puts the face that a swap has learnt on the face in a clip or a photo: the attack that a face check must withstand. Every frame is marked, visibly and within the picture; there is no option that leaves it out.',
  examples: [
    'faceward swap clip.mp4 --network ben-upon-ann.onnx --out swapped.mp4',
    'faceward swap frames/ --network ben-upon-ann.onnx --out swapped/',
    'faceward swap photo.jpg --network ben-upon-ann.onnx --out swapped/',
  ],
  args: {
    input: { type: 'positional', description: 'a video, a folder of frames, or a photo', required: true },
    network: {
      type: 'string',
      description: 'made by faceward train swap; the face of its --face-of is put on',
      required: true,
      valueHint: 'file.onnx',
    },
    out: {
      type: 'string',
      description: 'a folder, new or empty, or a video (.mp4, .mov, .mkv, .webm) by the system’s ffmpeg',
      required: true,
      valueHint: 'place',
    },
    fps: {
      type: 'string',
      description: 'frames a second: at which a video is read, and of a folder of frames that does not say it itself',
      default: '25',
      valueHint: 'n',
    },
    json: { type: 'boolean', description: 'print JSON' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const framesPerSecond = positiveNumber(args.fps, '--fps');
    // Nobody is to wait for frames that find no place.
    await requireClipTarget(args.out);
    const swap = await openSwap(await readModel(args.network), sessionOptions(args));
    try {
      await using source = pipelineSource(args);
      const clip = await readInput(args.input, { ...job, framesPerSecond });
      const meshes = await trackClip(clip, args.input, source, job);
      const faces = meshes.map((mesh) => mesh && { mesh: mesh.points, landmarks: fivePointsOf(mesh.points) });
      const runId = randomInt(2 ** 32);
      const species = 'inject-swap';
      await writeMarkedClip(
        await swapClip(clip, faces, swap, job),
        args.out,
        { provenance: { kind: 'edited', method: 'swap' }, payload: { runId, species: speciesNumber(species) } },
        job,
      );
      const frames = clip.frames.length;
      const swapped = meshes.filter((mesh) => mesh !== undefined).length;
      if (args.json)
        printJson({ out: args.out, frames, swapped, framesPerSecond: clip.framesPerSecond, runId, species });
      else printLine(`${args.out}  a face was put on in ${swapped} of ${frames} frames, run ${runId}`);
    } finally {
      await swap.close();
    }
  },
});

/** A second payload would spoil the first. */
const HINT = 'give what a camera took, not what Faceward made';

/** A photo is a clip of one frame. @throws InputError where nothing can be read, or it bears our mark. */
async function readInput(path: string, options: JobOptions & { readonly framesPerSecond: number }): Promise<Clip> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new InputError(`${path}: there is no such file or folder`, { hint: 'check the path', cause });
  });
  const isClip = found.isDirectory() || isVideo(path);
  if (isClip) {
    const clip = await readClip(path, options);
    requireUnmarkedClip(clip.frames, path, HINT);
    return clip;
  }
  const { image } = await decodeImage(path);
  await requireUnmarkedPhoto(image, path, HINT);
  return { framesPerSecond: options.framesPerSecond, frames: [image] };
}
