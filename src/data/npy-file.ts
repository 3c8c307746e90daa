import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { ShapeError } from '../util/errors.ts';

/** A tensor that is written row by row. */
export interface NpyWriter {
  /** Appends numbers to what was written. */
  write(numbers: Float32Array): Promise<void>;
  /** Ends the file and gives its SHA-256. @throws ShapeError where the numbers are not as many as its shape says. */
  finish(): Promise<string>;
  /** Closes an unfinished file; it is left as `<path>.part`. */
  close(): Promise<void>;
}

/** The header ends, with all before it, at a multiple of this. */
const ALIGNMENT = 64;

/**
 * Opens a file of NumPy's format (`numpy.load` reads it), float32, row after row. Until it is finished it is called `<path>.part`.
 *
 * Source: NumPy enhancement proposal 1, format version 1.0.
 */
export async function openNpy(path: string, shape: readonly number[]): Promise<NpyWriter> {
  const hash = createHash('sha256');
  const file: FileHandle = await open(`${path}.part`, 'w');
  const append = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await file.writeFile(bytes);
  };
  await append(npyHeader(shape));
  const wanted = shape.reduce((product, extent) => product * extent, 1);
  let count = 0;
  return {
    async write(numbers) {
      count += numbers.length;
      await append(littleEndian(numbers));
    },
    async finish() {
      await file.close();
      if (count !== wanted) throw new ShapeError(`${path}: ${count} numbers are no [${shape.join(',')}]`);
      await rename(`${path}.part`, path);
      return hash.digest('hex');
    },
    close: () => file.close(),
  };
}

function npyHeader(shape: readonly number[]): Uint8Array {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${extents}), }`;
  const begun = 10 + text.length + 1;
  const length = text.length + 1 + ((ALIGNMENT - (begun % ALIGNMENT)) % ALIGNMENT);
  const bytes = new Uint8Array(10 + length).fill(' '.charCodeAt(0));
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[9 + length] = '\n'.charCodeAt(0);
  return bytes;
}

function littleEndian(numbers: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i] as number, true);
  return bytes;
}
