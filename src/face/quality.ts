import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { alignmentMatrix, CANONICAL_VIEW } from './alignment.ts';
import type { Face, MeshPoint } from './face.ts';
import { meshRoll } from './mesh.ts';

/** How well a face can be recognised, as figures that a threshold can be set on. */
export interface FaceQuality {
  /** The longer side of the face's box. */
  readonly sizePx: number;
  /** Between the middles of the eyes; below about 25 px recognition suffers. */
  readonly eyeDistancePx: number;
  /** Variance of the Laplacian of the aligned 112x112 face in grey 0..255; below about 60 it is blurred, or was enlarged. */
  readonly sharpness: number;
  readonly pose: Pose;
  /** Mean grey of the aligned face, 0..1. */
  readonly brightness: number;
  /** Standard deviation of its grey, 0..1. */
  readonly contrast: number;
  /** Part of the mesh that lies outside the photo, 0..1. */
  readonly outside: number;
  /** How unlike the halves of the aligned face are, 0..1: a hint of a hand, hair or hard shadow on one side, where |yaw| is below about 20 degrees. */
  readonly asymmetry: number;
}

/** Directions of the head, in degrees; all 0 for a face that looks at the camera. */
export interface Pose {
  /** Positive where it looks to the right of the picture. */
  readonly yaw: number;
  /** Positive where it looks down. */
  readonly pitch: number;
  /** Positive where it is turned clockwise in the picture. */
  readonly roll: number;
}

/** Side of the aligned face. */
const SIDE_PX = CANONICAL_VIEW.widthPx;

/** Measures a face in its photo; about 1 ms. */
export function assessQuality(image: Image, face: Face): FaceQuality {
  const [left, right] = face.landmarks;
  const aligned = warpAffine(image, alignmentMatrix(face.landmarks), { ...CANONICAL_VIEW, border: 'replicate' });
  const grey = greyOf(aligned);
  const { mean, variance } = moments(grey);
  const isOutside = ({ x, y }: MeshPoint) => x < 0 || y < 0 || x > image.widthPx - 1 || y > image.heightPx - 1;
  return {
    sizePx: Math.max(face.box.width, face.box.height),
    eyeDistancePx: Math.hypot(right.x - left.x, right.y - left.y),
    sharpness: moments(laplacianOf(grey)).variance,
    pose: poseOf(face.mesh),
    brightness: mean / 255,
    contrast: Math.sqrt(variance) / 255,
    outside: face.mesh.filter(isOutside).length / face.mesh.length,
    asymmetry: asymmetryOf(grey),
  };
}

/** Points of the mesh on the axes of the head: forehead and chin, and the edges of the face before the ears, as seen in the picture. */
const AXES = { top: 10, bottom: 152, left: 234, right: 454 } as const;

/** Pitch that the mesh shows of a face that looks at the camera: the chin lies behind the forehead. Median of LFW's training and calibration people, in degrees. */
const FRONTAL_PITCH = 7.3;

/** Directions of the head, from the mesh. */
export function poseOf(mesh: readonly MeshPoint[]): Pose {
  const { top, bottom, left, right } = AXES;
  const across = between(mesh[left], mesh[right]);
  const down = between(mesh[top], mesh[bottom]);
  return {
    yaw: degrees(Math.atan2(across.z, Math.hypot(across.x, across.y))),
    pitch: degrees(Math.atan2(down.z, Math.hypot(down.x, down.y))) - FRONTAL_PITCH,
    roll: degrees(meshRoll(mesh)),
  };
}

function between(from: MeshPoint | undefined, to: MeshPoint | undefined): MeshPoint {
  return { x: (to?.x ?? 0) - (from?.x ?? 0), y: (to?.y ?? 0) - (from?.y ?? 0), z: (to?.z ?? 0) - (from?.z ?? 0) };
}

function degrees(radians: number): number {
  return (180 * radians) / Math.PI;
}

/** Luma of BT.601, 0..255. */
function greyOf({ data }: Image): Float32Array {
  const grey = new Float32Array(data.length / 3);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0);
  }
  return grey;
}

/** The four neighbours minus four times the pixel, without the border. */
function laplacianOf(grey: Float32Array): Float32Array {
  const inner = SIDE_PX - 2;
  const out = new Float32Array(inner * inner);
  for (let y = 0; y < inner; y++) {
    for (let x = 0; x < inner; x++) {
      const i = (y + 1) * SIDE_PX + x + 1;
      const neighbours = (grey[i - 1] ?? 0) + (grey[i + 1] ?? 0) + (grey[i - SIDE_PX] ?? 0) + (grey[i + SIDE_PX] ?? 0);
      out[y * inner + x] = neighbours - 4 * (grey[i] ?? 0);
    }
  }
  return out;
}

function moments(values: Float32Array): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, variance: Math.max(0, squares / values.length - mean * mean) };
}

/** One minus the correlation of the halves of the inner face, one of them mirrored, in blocks of 4x4 px; light from one side does not count. */
function asymmetryOf(grey: Float32Array): number {
  const [first, last, top, bottom] = [5, 22, 6, 25];
  const leftHalf: number[] = [];
  const rightHalf: number[] = [];
  for (let y = top; y <= bottom; y++) {
    for (let x = first; x < (first + last) / 2; x++) {
      leftHalf.push(blockSum(grey, x, y));
      rightHalf.push(blockSum(grey, first + last - x, y));
    }
  }
  const left = moments(Float32Array.from(leftHalf));
  const right = moments(Float32Array.from(rightHalf));
  const deviations = Math.sqrt(left.variance * right.variance);
  if (!(deviations > 0)) return left.variance === right.variance ? 0 : 1;
  const products = leftHalf.map((value, i) => (value - left.mean) * ((rightHalf[i] ?? 0) - right.mean));
  const covariance = products.reduce((sum, product) => sum + product, 0) / products.length;
  return Math.min(1, Math.max(0, 1 - covariance / deviations));
}

function blockSum(grey: Float32Array, column: number, row: number): number {
  const block = 4;
  let sum = 0;
  for (let i = 0; i < block * block; i++) {
    sum += grey[(row * block + Math.floor(i / block)) * SIDE_PX + column * block + (i % block)] ?? 0;
  }
  return sum;
}
