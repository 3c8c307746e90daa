import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import type { MaskedPerson } from '../defence/training/masking/masked-batch.ts';
import type { PrivateDraws } from '../defence/training/privacy/private-training.ts';
import { CipherStream } from '../util/cipher-stream.ts';
import { InputError } from '../util/errors.ts';
import { freshSecret } from '../util/secret-random.ts';
import { readSecretFile, secretOfText, writeSecretFile } from './secret-file.ts';

/** Where the secret of an unfinished private training lies: beside its checkpoint, which cannot be gone on from without it. */
const secretPath = (out: string): string => `${out}.checkpoint.secret`;

/**
 * What a private training is drawn from: a fresh secret, which is kept beside the checkpoint until {@link forgetNoise}, with a hash of the faces that it is for; or one that is made of a text, and
 * needs no file.
 *
 * @param out - the model that will be written, whose lock is held.
 * @param people - who is trained on. Other faces have other numbers: two lists under the same noise would tell each other's difference, where an unfinished training was copied.
 * @param options.noiseSeed - the text.
 * @param options.resumes - whether the training goes on from a checkpoint.
 * @throws InputError where the text is empty, a fresh secret cannot be kept, or that of the checkpoint is gone or for other faces: epsilon is counted for one list, from the first step to the last.
 */
export async function noiseDraws(
  out: string,
  people: readonly MaskedPerson[],
  { noiseSeed, resumes }: { readonly noiseSeed: string | undefined; readonly resumes: boolean },
): Promise<PrivateDraws> {
  const faces = hashOf(people);
  const draws =
    noiseSeed === undefined
      ? drawsOf(await (resumes ? secretOfCheckpoint : keptFreshSecret)(secretPath(out), faces))
      : reproducibleDraws(noiseSeed);
  return (label) => draws(`${faces.toString('hex')}\n${label}`);
}

/** Of 32 bytes. */
function hashOf(people: readonly MaskedPerson[]): Buffer {
  const hash = createHash('sha256');
  people.forEach(({ faces }, person) => {
    for (const { data } of faces) hash.update(`${person} ${data.length}\n`).update(data);
  });
  return hash.digest();
}

/** The draws of an experiment, which are the same for the same text: they leave no guarantee. @throws InputError where the text is empty. */
export const reproducibleDraws = (text: string): PrivateDraws => drawsOf(secretOfText(text, '--noise-seed'));

const drawsOf =
  (secret: Uint8Array): PrivateDraws =>
  (label) =>
    new CipherStream(secret, label);

/** Deletes the secret of a training that is done, where there is one. */
export const forgetNoise = (out: string): Promise<void> => rm(secretPath(out), { force: true });

/** One that still lies there is of a training that was killed before it had a checkpoint: no weights that are left were drawn from it. */
async function keptFreshSecret(path: string, faces: Buffer): Promise<Uint8Array> {
  const secret = freshSecret();
  await writeSecretFile(path, Buffer.concat([secret, faces]), rename).catch((cause: unknown) => {
    throw new InputError(`${path}: the secret of the noise cannot be kept`, {
      hint: 'choose another place with --out',
      cause,
    });
  });
  return secret;
}

async function secretOfCheckpoint(path: string, faces: Buffer): Promise<Uint8Array> {
  const anew = 'delete the checkpoint and begin anew';
  const kept = await readSecretFile(path, { unreadable: 'make it readable', damaged: anew, bytes: 64 });
  if (!kept)
    throw new InputError(`${path} is gone, which the noise was drawn from: the training cannot go on as it began`, {
      hint: `bring it back; or ${anew}`,
    });
  if (!faces.equals(kept.subarray(32)))
    throw new InputError(
      'these are not the faces that the training began with, and its epsilon holds for those alone',
      {
        hint: `bring back the same photos, and take the same --threads; or ${anew}`,
      },
    );
  return kept.subarray(0, 32);
}
