import type { Look } from '../../encoder/similarity-gradient.ts';
import { gaussianBlur, medianFilter } from '../../image/filter.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import { throughJpeg } from '../../image/through-jpeg.ts';
import { denoiseTotalVariation } from '../../image/total-variation.ts';
import { readModelFile } from '../../runtime/model-file.ts';
import { InputError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';
import { openDenoiser } from './denoiser.ts';

/** What is done to a face before it is recognised. */
export interface InputDefence {
  /** As it was asked for: `jpeg:75`; of a model with its hash: `denoise:denoiser.onnx#1f2e3d4c`. */
  readonly spec: string;
  /** Whether the same face comes out differently each time. */
  readonly isRandom: boolean;
  /** A picture of the same size. */
  apply(face: Image, random: Random): Promise<Image>;
  /** Of a defence that moves pixels: the same as a look, through which a gradient passes; an attack that passed it backwards as if nothing had moved would be none. */
  readonly look?: (random: Random) => Look;
}

/** A kind of defence: its name, what its number means, and how it is made. */
interface Kind {
  readonly name: string;
  readonly number: string;
  readonly default: number;
  readonly isAllowed: (value: number) => boolean;
  readonly isRandom?: boolean;
  readonly apply: (value: number) => (face: Image, random: Random) => Promise<Image>;
  readonly look?: (value: number) => (random: Random) => Look;
}

const isWhole = (low: number, high: number) => (value: number) =>
  Number.isInteger(value) && value >= low && value <= high;

/** Every input defence; a new one is an entry here. */
const KINDS: readonly Kind[] = [
  {
    name: 'jpeg',
    number: 'quality, 1 to 100',
    default: 75,
    isAllowed: isWhole(1, 100),
    apply: (quality) => (face) => throughJpeg(face, quality),
  },
  {
    name: 'bits',
    number: 'bits a channel, 1 to 8',
    default: 4,
    isAllowed: isWhole(1, 8),
    apply: (bits) => async (face) => reduceDepth(face, bits),
  },
  {
    name: 'median',
    number: 'side of the square in px, odd, 3 to 31',
    default: 3,
    isAllowed: (value) => isWhole(3, 31)(value) && value % 2 === 1,
    apply: (sizePx) => (face) => medianFilter(face, sizePx),
  },
  {
    name: 'smooth',
    number: 'deviation of the Gaussian in px, 0.3 to 100',
    default: 1,
    isAllowed: (value) => value >= 0.3 && value <= 100,
    apply: (deviation) => (face) => gaussianBlur(face, deviation),
  },
  {
    name: 'tv',
    number: 'weight of the total variation, above 0 to 10',
    default: 0.1,
    isAllowed: (value) => value > 0 && value <= 10,
    apply: (weight) => async (face) => denoiseTotalVariation(face, weight),
  },
  {
    name: 'pad',
    number: 'smallest share of the extent that a face is shrunk to, 0.5 to 1',
    default: 0.9,
    isAllowed: (value) => value >= 0.5 && value <= 1,
    isRandom: true,
    apply: (share) => async (face, random) => shrinkAndPad(face, share, random),
    look: (least) => (random) => ({
      resized: { share: least + (1 - least) * random.uniform(), x: random.uniform(), y: random.uniform() },
    }),
  },
];

/** The forms of a spec, for help texts. */
export const INPUT_DEFENCE_FORMS = `${KINDS.map(({ name, default: value }) => `${name}:${value}`).join(', ')}, denoise:FILE.onnx, joined by +`;

/**
 * The defences that a spec such as `jpeg:75+smooth:1` names, in the order in which they are applied. Without a number a kind takes its default.
 *
 * @throws InputError that says what a kind takes, or that the model of `denoise:FILE.onnx` cannot be read.
 */
export function parseInputDefences(spec: string): InputDefence[] {
  return spec.split('+').map((part) => {
    const [name = '', text] = part.trim().split(/:(.*)/s);
    if (name === 'denoise') return denoiseBy(text);
    const kind = KINDS.find((candidate) => candidate.name === name);
    if (!kind) throw new InputError(`there is no defence "${name}"`, { hint: `defences are: ${INPUT_DEFENCE_FORMS}` });
    const value = text === undefined ? kind.default : text === '' ? Number.NaN : Number(text);
    if (!kind.isAllowed(value))
      throw new InputError(`the defence ${part.trim()} has no such setting`, { hint: `${name} takes: ${kind.number}` });
    return {
      spec: `${name}:${value}`,
      isRandom: kind.isRandom === true,
      apply: kind.apply(value),
      ...(kind.look ? { look: kind.look(value) } : {}),
    };
  });
}

function denoiseBy(path: string | undefined): InputDefence {
  if (!path) throw new InputError('the defence denoise needs a model', { hint: 'write denoise:FILE.onnx' });
  const { bytes, hash } = readModelFile(path);
  return { spec: `denoise:${path}#${hash}`, isRandom: false, apply: openDenoiser(bytes) };
}

function reduceDepth(face: Image, bits: number): Image {
  const levels = 2 ** bits - 1;
  return { ...face, data: face.data.map((value) => Math.round((Math.round((value / 255) * levels) / levels) * 255)) };
}

/** Shrunk to a random share of its extent, `least` to 1, and put at a random place on black. Source: Xie et al. 2018. */
function shrinkAndPad(face: Image, least: number, random: Random): Image {
  const share = least + (1 - least) * random.uniform();
  const widthPx = Math.max(1, Math.round(share * face.widthPx));
  const heightPx = Math.max(1, Math.round(share * face.heightPx));
  const small = resizeImage(face, widthPx, heightPx);
  const [left, top] = [random.integer(face.widthPx - widthPx + 1), random.integer(face.heightPx - heightPx + 1)];
  const data = new Uint8Array(face.data.length);
  for (let row = 0; row < heightPx; row++)
    data.set(small.data.subarray(3 * row * widthPx, 3 * (row + 1) * widthPx), 3 * ((top + row) * face.widthPx + left));
  return { ...face, data };
}
