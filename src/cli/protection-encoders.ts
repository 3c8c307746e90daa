import type { ArgsDef } from 'citty';
import { embedCleanPhotos, listCleanPhotos, type ReferencePhotos } from '../audit/protection/reference-photos.ts';
import type { TestEncoder } from '../audit/protection/retest.ts';
import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { ENCODER_FORMS } from '../encoder/open-encoder.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import type { JobOptions } from '../util/progress.ts';
import { calibrationsFor } from './audit-calibration.ts';
import { openEncoderFromArgs, type SessionArgs, sessionArgs } from './encoder-options.ts';
import { printNote } from './print.ts';

/** Options of the commands that test protected photos. */
export const protectionArgs = {
  calibration: {
    type: 'string',
    description: 'thresholds of an encoder, made by faceward calibrate; shipped for the bundled ones',
    valueHint: 'file',
  },
  person: {
    type: 'string',
    description:
      'whose photos these are, by the folder’s name in --against; default: as the photo’s folder or file is named',
    valueHint: 'name',
  },
  ownership: {
    type: 'string',
    description: 'for an endpoint: who says that you own it or may test it',
    valueHint: 'text',
  },
  ...sessionArgs,
} as const satisfies ArgsDef;

/** The values of {@link protectionArgs}. */
export interface ProtectionArgs extends SessionArgs {
  readonly calibration?: string | undefined;
  readonly person?: string | undefined;
  readonly ownership?: string | undefined;
}

/** For help texts. */
export const SEVERAL_ENCODERS = `several by commas: ${ENCODER_FORMS}`;

/** The rate of false matches at which protection is judged. */
const JUDGED_FMR = 1e-3;

/** Encoders for a test, in order and each once; disposing of them closes them. */
export interface TestEncoders extends AsyncDisposable {
  readonly all: readonly TestEncoder[];
  /** Those that a cloak is made with. */
  readonly used: readonly Encoder[];
}

/** The values of an option that takes several, parted by commas; the default where it was not given. */
export const severalOf = (text: string | undefined, otherwise: readonly string[]): string[] =>
  text === undefined
    ? [...otherwise]
    : [
        ...new Set(
          text
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean),
        ),
      ];

/** Those of the bundled encoders that a cloak is not made with. */
export const bundledBut = (used: readonly string[]): string[] =>
  BUNDLED_ENCODERS.filter((name) => !used.includes(name));

/**
 * Opens the encoders that a cloak is made with and those that it is tested on, each with its threshold at an FMR of 0.1 % where it has one.
 *
 * @param isUsed - of those only tested: whether the cloak of the photo at hand was made with them all the same.
 * @throws InputError for an encoder or a calibration that cannot be had.
 */
export async function openTestEncoders(
  usedSpecs: readonly string[],
  testSpecs: readonly string[],
  args: ProtectionArgs,
  isUsed: (encoder: Encoder) => boolean = () => false,
): Promise<TestEncoders> {
  const opened: { readonly encoder: Encoder; readonly role: TestEncoder['role'] }[] = [];
  const close = async (): Promise<void> => {
    for (const { encoder } of opened) await encoder.close();
  };
  try {
    for (const [i, spec] of [...usedSpecs, ...testSpecs].entries()) {
      const encoder = await openEncoderFromArgs({ ...args, encoder: '' }, spec);
      const isKnown = opened.some((other) => other.encoder.hash === encoder.hash);
      if (isKnown) await encoder.close();
      else opened.push({ encoder, role: i < usedSpecs.length || isUsed(encoder) ? 'used' : 'held-out' });
    }
    const calibrations = await calibrationsFor(
      severalOf(args.calibration, []),
      opened.map(({ encoder }) => encoder),
    );
    const all: TestEncoder[] = [];
    for (const { encoder, role } of opened) {
      const thresholds = await calibrations.thresholdsOf(encoder);
      const threshold = thresholds?.find(({ fmr }) => fmr === JUDGED_FMR);
      if (!threshold)
        printNote(`${encoder.id} has no threshold: make one with faceward calibrate, and give --calibration`);
      all.push({ encoder, role, threshold });
    }
    return {
      all,
      used: all.flatMap(({ encoder, role }) => (role === 'used' ? [encoder] : [])),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Embeds the clean photos of a folder on these encoders. @throws InputError where there is none. */
export async function openCleanPhotos(
  root: string,
  encoders: readonly TestEncoder[],
  pipeline: FacePipeline,
  job: JobOptions,
): Promise<ReferencePhotos> {
  const photos = await listCleanPhotos(root);
  return embedCleanPhotos(
    photos,
    encoders.map(({ encoder }) => encoder),
    pipeline,
    { ...job, onSkipped: (reason) => printNote(`left out: ${reason}`) },
  );
}
