import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { InputError } from '../../../util/errors.ts';
import type { Random } from '../../../util/random.ts';
import { createAnimator } from '../warp/animate.ts';
import { MOTIONS, type Motion, motionTrack } from '../warp/motions.ts';
import { createRetargeter, neutralFrame } from '../warp/retarget.ts';
import type { Track } from '../warp/track.ts';

/** A photo that the warp can move: cut by {@link faceCrop}, and the landmarks of its face there. */
export interface PhotoOfFace {
  readonly photo: Image;
  readonly landmarks: Landmarks68;
}

/** What a training may draw its pairs from. No frame of it, and none that is made of it, carries a mark: a network would learn the mark. They never leave the memory. */
export interface MovingFaces {
  /** Each is moved twice. */
  readonly photos: readonly PhotoOfFace[];
  /** Frames of one person each, all cut alike. */
  readonly clips: readonly (readonly Image[])[];
  /** How real faces moved; beside them the warp's own motions are used, mixed at random. */
  readonly tracks: readonly Track[];
  /** Of the pairs, how many are from clips where there are any; default 0.3. */
  readonly clipShare?: number;
}

/** Draws pairs of frames of the same person. */
export interface PairSource {
  /** Source and driving frame, square, of the side that was asked for. The same random numbers give the same pair. */
  draw(random: Random): readonly [source: Image, driving: Image];
}

/** Motions at strength 1, from which random ones are mixed. */
const POOL_SECONDS = 3;
/** How much stronger than a clear motion of a person a random one may be. */
const MOST_STRENGTH = 1.3;
/** How far a random head leans and moves beside its motion: radians, and shares of its size. */
const LEAN = { roll: 0.12, scale: 0.05, shift: 0.06 } as const;
/** Of sources, how many are the photo as it is, as in use. */
const STILL_SHARE = 0.35;
/** Of motions, how many are from tracks where there are any. */
const TRACK_SHARE = 0.5;

/**
 * Makes the source of a training's pairs.
 *
 * @throws InputError where there is neither a photo nor a clip of two frames.
 */
export function createPairSource(faces: MovingFaces, sizePx: number): PairSource {
  const { photos, clipShare = 0.3 } = faces;
  const clips = faces.clips.filter((frames) => frames.length > 1);
  if (photos.length + clips.length === 0) {
    throw new InputError('there is no face to learn motion from', { hint: 'give photos of faces, or clips' });
  }
  const drivers = [ownMotions(), ...faces.tracks.map(trackMotion)];
  const share = photos.length === 0 ? 1 : clips.length === 0 ? 0 : clipShare;
  return {
    draw(random) {
      const pair =
        random.uniform() < share
          ? drawFrames(pick(clips, random), random)
          : moveTwice(pick(photos, random), drivers, random);
      const mirrored = random.uniform() < 0.5;
      const [source, driving] = pair.map((frame) => {
        const sized = resizeImage(frame, sizePx, sizePx);
        return mirrored ? mirror(sized) : sized;
      }) as [Image, Image];
      return [source, driving];
    },
  };
}

function drawFrames(frames: readonly Image[], random: Random): [Image, Image] {
  const source = random.integer(frames.length);
  const driving = (source + 1 + random.integer(frames.length - 1)) % frames.length;
  return [frames[source] as Image, frames[driving] as Image];
}

/** A face's motion: landmarks, and those of the same face at rest. */
interface DrivenFace {
  readonly driver: Landmarks68;
  readonly rest: Landmarks68;
}

type Driver = (random: Random) => DrivenFace;

function moveTwice({ photo, landmarks }: PhotoOfFace, drivers: readonly Driver[], random: Random): [Image, Image] {
  const animator = createAnimator(photo, landmarks);
  const [own, ...tracks] = drivers as readonly [Driver, ...Driver[]];
  const moved = (): Image => {
    const draw = tracks.length > 0 && random.uniform() < TRACK_SHARE ? pick(tracks, random) : own;
    const { driver, rest } = draw(random);
    const wanted = new Float64Array(2 * LANDMARKS);
    createRetargeter(landmarks, rest, 'lifted')(leaned(driver, random), wanted);
    return animator.frame(wanted);
  };
  return [random.uniform() < STILL_SHARE ? photo : moved(), moved()];
}

/** The warp's own motions, a few of them at once, each at a random time and strength. */
function ownMotions(): Driver {
  const pool = new Map<Motion, Track>(
    MOTIONS.map((motion) => [motion, motionTrack(motion, { seconds: POOL_SECONDS })]),
  );
  return (random) => {
    const rest = pool.get('nod')?.frames[0] as Landmarks68;
    const driver = rest.slice();
    for (const { frames } of pool.values()) {
      const strength = MOST_STRENGTH * random.uniform();
      const frame = pick(frames, random);
      for (let i = 0; i < driver.length; i++)
        driver[i] = (driver[i] as number) + strength * ((frame[i] as number) - (frames[0]?.[i] as number));
    }
    return { driver, rest };
  };
}

function trackMotion(track: Track): Driver {
  const rest = neutralFrame(track);
  return (random) => ({ driver: pick(track.frames, random), rest });
}

/** A face turned in the picture about its middle, nearer or farther, and aside, by a little. */
function leaned(points: Landmarks68, random: Random): Landmarks68 {
  const symmetric = (most: number): number => most * (2 * random.uniform() - 1);
  const [roll, scale] = [symmetric(LEAN.roll), 1 + symmetric(LEAN.scale)];
  const [[left, right], [top, bottom]] = [0, 1].map((axis) => {
    const along = points.filter((_, i) => i % 2 === axis);
    return [Math.min(...along), Math.max(...along)];
  }) as [[number, number], [number, number]];
  const [shiftX, shiftY] = [symmetric(LEAN.shift) * (right - left), symmetric(LEAN.shift) * (bottom - top)];
  const middle = [(left + right) / 2, (top + bottom) / 2] as const;
  const [cosine, sine] = [scale * Math.cos(roll), scale * Math.sin(roll)];
  return points.map((_, i) => {
    const [x, y] = [(points[i & ~1] as number) - middle[0], (points[i | 1] as number) - middle[1]];
    return i % 2 === 0 ? middle[0] + cosine * x - sine * y + shiftX : middle[1] + sine * x + cosine * y + shiftY;
  });
}

function mirror({ widthPx, heightPx, data }: Image): Image {
  const out = new Uint8Array(data.length);
  for (let y = 0, o = 0; y < heightPx; y++)
    for (let x = widthPx - 1; x >= 0; x--, o += 3)
      for (let c = 0; c < 3; c++) out[o + c] = data[3 * (y * widthPx + x) + c] as number;
  return { widthPx, heightPx, data: out };
}

const pick = <T>(items: readonly T[], random: Random): T => items[random.integer(items.length)] as T;
