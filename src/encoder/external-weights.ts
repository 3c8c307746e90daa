import type { Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { ExternalWeight } from '../graph/onnx-file.ts';
import { InputError, ModelFileError } from '../util/errors.ts';

/**
 * Reads weights that a model keeps in files beside it, as `readGraph` asks for them; what is read goes into `hash` too.
 *
 * @throws (the function that is returned) ModelFileError where the model names a file outside its own folder; InputError where the file is missing or too short.
 */
export function externalWeights(modelPath: string, hash: Hash): (weight: ExternalWeight) => Uint8Array {
  const folder = dirname(resolve(modelPath));
  return (weight) => {
    const path = resolve(folder, weight.location);
    const inside = relative(folder, path);
    // A model may come from anyone: it must not make us read what it likes.
    if (weight.location === '' || inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
      throw new ModelFileError(
        `the weight "${weight.name}" is kept in "${weight.location}", outside the model's folder`,
      );
    }
    const bytes = readPart(path, weight);
    hash.update(bytes);
    return bytes;
  };
}

function readPart(path: string, { name, offsetBytes, lengthBytes }: ExternalWeight): Uint8Array {
  const hint = 'keep the model and its data file together, under their own names';
  const bytes = new Uint8Array(lengthBytes);
  let done = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = -1; read !== 0 && done < lengthBytes; done += read) {
        read = readSync(file, bytes, done, lengthBytes - done, offsetBytes + done);
      }
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new InputError(`the model keeps its weight "${name}" in ${path}, which cannot be read`, { cause, hint });
  }
  if (done < lengthBytes) throw new InputError(`${path} ends before the model's weight "${name}" does`, { hint });
  return bytes;
}
