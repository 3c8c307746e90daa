import { randomInt } from 'node:crypto';
import { speciesNumber } from '../attack/presentation/species.ts';
import { MOTIONS } from '../attack/presentation/warp/motions.ts';
import { RETARGET_MODES } from '../attack/presentation/warp/retarget.ts';
import { cutHead } from '../face/head-cut.ts';
import { mainFace } from '../face/main-face.ts';
import { decodeImage } from '../image/decode.ts';
import { requireClipTarget, writeMarkedClip } from '../image/frames/marked-clip.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { throwIfAborted } from '../util/progress.ts';
import { command } from './command.ts';
import { DRIVER_FORMS, readDriver } from './driver-track.ts';
import { sessionArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { positiveNumber, wholeNumber } from './option-values.ts';
import { openPhotoMover } from './photo-mover.ts';
import { printJson, printLine, printNote } from './print.ts';
import { OWN_REENACTOR } from './reenactor-model.ts';

/** `faceward animate`: one photo moved by a driver, marked. */
export const animateCommand = command({
  name: 'animate',
  description:
    'Moves the face of one photo as a driver does, by warping it or by a network: the attack that a face check must withstand. Every frame is marked, visibly and within the picture; there is no option that leaves it out.',
  examples: [
    'faceward animate photo.jpg --driver nod --out nodding/',
    'faceward animate photo.jpg --driver me.mp4 --out animated.mp4 --mode relative',
    'faceward animate photo.jpg --driver track.json --out animated/ --size 512',
    'faceward animate photo.jpg --driver me.mp4 --out animated/ --reenactor reenactor.onnx',
  ],
  args: {
    photo: { type: 'positional', description: 'the photo', required: true },
    driver: { type: 'string', description: DRIVER_FORMS, required: true, valueHint: 'driver' },
    out: {
      type: 'string',
      description: 'a folder, new or empty, or a video (.mp4, .mov, .mkv, .webm) by the system’s ffmpeg',
      required: true,
      valueHint: 'place',
    },
    mode: {
      type: 'string',
      description: `how the driver’s motion comes to the photo: ${RETARGET_MODES.join(', ')}; default: lifted, of a network relative`,
      valueHint: 'mode',
    },
    reenactor: {
      type: 'string',
      description: `moves the photo by a network, made by faceward train reenactor or ${OWN_REENACTOR} (it comes along), instead of warping it; the driver is a clip`,
      valueHint: 'file.onnx',
    },
    size: {
      type: 'string',
      description: 'side of the frames, a square about the head',
      default: '256',
      valueHint: 'px',
    },
    fps: {
      type: 'string',
      description: 'frames a second: of a motion, and at which a clip is read; a track has its own',
      default: '25',
      valueHint: 'n',
    },
    seconds: { type: 'string', description: 'length of nod, shake, blink or speech', default: '3', valueHint: 's' },
    strength: { type: 'string', description: 'how far nod, shake, blink or speech goes', default: '1', valueHint: 'x' },
    json: { type: 'boolean', description: 'print JSON' },
    ...sessionArgs,
  },
  async run({ args, job }) {
    const sizePx = wholeNumber(args.size, '--size', { min: 64, max: 4096 });
    const framesPerSecond = positiveNumber(args.fps, '--fps');
    const seconds = positiveNumber(args.seconds, '--seconds');
    const strength = positiveNumber(args.strength, '--strength');
    // Of a motion the length is known before the work; a clip or a track has its own.
    const motion = MOTIONS.find((known) => known === args.driver);
    if (motion) requireRoom(seconds * framesPerSecond, sizePx, 'give less --seconds, --fps or --size');
    // Nobody is to wait for frames that find no place.
    await requireClipTarget(args.out);
    await using mover = await openPhotoMover(args, sessionOptions(args));
    await using source = pipelineSource(args);
    const { image } = await decodeImage(args.photo);
    const faces = await (await source.openPipeline()).detect(image);
    const face = mainFace(faces, image);
    if (!face)
      throw new InputError(`${args.photo}: no face was found`, { hint: 'give a photo with a face of 40 px or more' });
    if (faces.length > 1)
      printNote(`${args.photo}: there are ${faces.length} faces; the largest near the middle is moved`);
    const driver = await readDriver(args.driver, source, { ...job, framesPerSecond, seconds, strength });
    const { track } = driver;
    requireRoom(track.frames.length, sizePx, 'give a shorter driver, or less --fps or --size');
    const head = cutHead(image, face, sizePx);
    const startMs = performance.now();
    const frames: Image[] = [];
    for await (const frame of mover.move(head, driver)) {
      throwIfAborted(job);
      frames.push(frame);
      job.onProgress?.({ stage: 'animating', done: frames.length, total: track.frames.length });
    }
    const animatedPerSecond = (1000 * frames.length) / (performance.now() - startMs);
    const { species, method } = mover;
    const runId = randomInt(2 ** 32);
    // Not the driver's name: a file may be called by a person's.
    const detail = `${motion ?? 'a track or a clip'}, ${mover.mode}`;
    await writeMarkedClip(
      { framesPerSecond: track.framesPerSecond, frames },
      args.out,
      { provenance: { kind: 'animated', method, detail }, payload: { runId, species: speciesNumber(species) } },
      job,
    );
    const { length } = frames;
    if (args.json)
      printJson({
        out: args.out,
        frames: length,
        framesPerSecond: track.framesPerSecond,
        runId,
        species,
        animatedPerSecond,
      });
    else printLine(`${args.out}  ${length} frames at ${track.framesPerSecond}/s, run ${runId}`);
  },
});

/** What a clip may have that is read again: frames, and bytes of their pixels. */
const MOST = { frames: 1500, bytes: 2 ** 31 } as const;

function requireRoom(frames: number, sizePx: number, hint: string): void {
  const count = Math.round(frames);
  if (count < 1) throw new InputError('there is not one frame', { hint: 'give more --seconds or --fps' });
  if (count > MOST.frames) throw new InputError(`${count} frames, above ${MOST.frames}`, { hint });
  if (3 * count * sizePx ** 2 > MOST.bytes)
    throw new InputError(`${count} frames of ${sizePx} px take more than 2 GiB`, { hint });
}
