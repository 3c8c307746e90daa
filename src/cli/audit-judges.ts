import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { wrapEncoder } from '../encoder/wrapped-encoder.ts';
import { InputError } from '../util/errors.ts';
import { type EncoderArgs, openEncoderFromArgs } from './encoder-options.ts';

/**
 * Opens the encoders beside the one under attack.
 *
 * @param given - what the option holds, joined by commas; default: the bundled encoders.
 * @param option - its name, for errors: `--judge`.
 * @throws InputError where none is left that is not the encoder under attack.
 */
export async function openOtherEncoders(
  given: string | undefined,
  option: string,
  args: EncoderArgs,
  target: Encoder,
): Promise<Encoder[]> {
  const specs = given === undefined ? [...BUNDLED_ENCODERS] : given.split(',').map((spec) => spec.trim());
  const opened = await Promise.all(specs.map((spec) => openEncoderFromArgs(args, spec)));
  const others = opened.filter(
    ({ hash }, i) => hash !== target.hash && opened.findIndex((one) => one.hash === hash) === i,
  );
  await Promise.all(opened.filter((encoder) => !others.includes(encoder)).map((encoder) => encoder.close()));
  if (others.length === 0) {
    throw new InputError('an audit needs an encoder beside the one under attack', {
      hint: `name one with ${option}, such as ${BUNDLED_ENCODERS.join(' or ')}`,
    });
  }
  // Results are told apart by ids: two programs of one name are two encoders.
  return others.map((encoder, i) => {
    const isTaken = [target, ...others.slice(0, i)].some(({ id }) => id === encoder.id);
    return isTaken
      ? wrapEncoder(encoder, { id: `${encoder.id} (${i + 2})`, embed: (faces) => encoder.embed(faces) })
      : encoder;
  });
}
