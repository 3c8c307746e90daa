import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, StoreError } from '../util/errors.ts';
import { BiometricCipher, openKeyFile, SEAL_BYTES } from './biometric-cipher.ts';
import { lockFile } from './file-lock.ts';

const KEY_FILE = 'embedding-cache.key';
const EXTENSION = '.embeddings';
const MAGIC = Buffer.from('FWEMBED1', 'latin1');
const LABEL_BYTES = 32;
const HEADER_BYTES = 48;

/** Which embeddings a cache holds. */
export interface EmbeddingCacheOptions {
  /** Hash of the encoder's weights, or of its address: another encoder has another file. */
  readonly encoderHash: string;
  readonly embeddingSize: number;
  /** Path of the key; default `embedding-cache.key` in the cache's folder. A key elsewhere protects a folder that is copied whole. */
  readonly keyFile?: string;
}

/**
 * Embeddings of one encoder on disk, by the hash of the image; one append-only file for each encoder.
 *
 * Form: a header (magic, embedding size, proof of the key), then entries of equal length: a keyed label of encoder and image (32 bytes), and the
 * float32 values sealed with AES-256-GCM under that label. An entry is written in one piece; what `kill -9` cuts off is dropped at the next opening.
 * Entries are read into memory when opening and unsealed when asked for. Where a file is opened several times at once, the first opening writes; the others
 * read, and keep what they add in memory.
 *
 * **Threat model.** An embedding is a biometric template: from it a face can be reconstructed. The file alone (a backup, a synchronised folder, a disk
 * that is thrown away without its key) gives away how many embeddings there are and of what size, but neither an embedding nor whether a
 * given photo is among them; changed or exchanged entries are noticed and dropped. Deleting the key makes every copy of the files unreadable. Not
 * protected: against whoever may read the key as well (the same user, an administrator, a thief of the unlocked machine), and in
 * memory. On solid-state disks and journaling file systems deleting does not overwrite: to be sure, keep the key on a medium that can be destroyed.
 */
export class EmbeddingCache {
  readonly #path: string;
  readonly #cipher: BiometricCipher;
  readonly #options: EmbeddingCacheOptions;
  readonly #entries: Map<string, Buffer>;
  #file: FileHandle | undefined;
  #unlock: (() => Promise<void>) | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(parts: {
    readonly path: string;
    readonly cipher: BiometricCipher;
    readonly options: EmbeddingCacheOptions;
    readonly entries: Map<string, Buffer>;
    readonly file: FileHandle | undefined;
    readonly unlock: (() => Promise<void>) | undefined;
  }) {
    this.#path = parts.path;
    this.#cipher = parts.cipher;
    this.#options = parts.options;
    this.#entries = parts.entries;
    this.#file = parts.file;
    this.#unlock = parts.unlock;
  }

  /**
   * Opens the encoder's file in a folder, and makes folder, key and file where they are absent. A file under another key, or of another form,
   * is replaced: it is a cache.
   *
   * @throws InputError where embeddingSize is not a whole number above 0; StoreError where the folder or the key cannot be used.
   */
  static async open(directory: string, options: EmbeddingCacheOptions): Promise<EmbeddingCache> {
    const { encoderHash, embeddingSize } = options;
    if (!Number.isInteger(embeddingSize) || embeddingSize < 1) {
      throw new InputError(`an embedding has a whole number of values, not ${embeddingSize}`);
    }
    const path = join(directory, `${createHash('sha256').update(encoderHash).digest('hex').slice(0, 32)}${EXTENSION}`);
    const cipher = new BiometricCipher(await openKeyFile(options.keyFile ?? join(directory, KEY_FILE)));
    return storing(path, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const unlock = await lockFile(`${path}.lock`);
      const header = headerOf(cipher, embeddingSize);
      const entryBytes = LABEL_BYTES + SEAL_BYTES + 4 * embeddingSize;
      try {
        if (unlock !== undefined) await repair(path, header, entryBytes);
        const entries = readEntries(await readOrEmpty(path), header, entryBytes);
        const file = unlock === undefined ? undefined : await open(path, 'a', 0o600);
        return new EmbeddingCache({ path, cipher, options, entries, file, unlock });
      } catch (error) {
        await unlock?.();
        throw error;
      }
    });
  }

  /** Embeddings held, those of damaged entries included until they are asked for. */
  get size(): number {
    return this.#entries.size;
  }

  /** False where the file is open elsewhere, or could not be written: what is added is then kept in memory alone. */
  get writable(): boolean {
    return this.#file !== undefined;
  }

  /** The embedding of an image, as a copy; undefined where it is not held, or its entry was damaged. */
  async get(imageHash: string): Promise<Float32Array | undefined> {
    const label = this.#label(imageHash);
    const sealed = this.#entries.get(label.toString('base64'));
    if (sealed === undefined) return undefined;
    const values = this.#cipher.open(sealed, label);
    if (values === undefined) {
      this.#entries.delete(label.toString('base64'));
      return undefined;
    }
    return Float32Array.from({ length: values.length / 4 }, (_, i) => values.readFloatLE(4 * i));
  }

  /**
   * Adds an embedding, or puts it in place of the one held for that image.
   *
   * @throws InputError where it has another size than the cache; StoreError where it cannot be written.
   */
  async put(imageHash: string, embedding: Float32Array): Promise<void> {
    if (embedding.length !== this.#options.embeddingSize) {
      throw new InputError(
        `the cache holds embeddings of ${this.#options.embeddingSize} values, not ${embedding.length}`,
      );
    }
    const values = Buffer.alloc(4 * embedding.length);
    embedding.forEach((value, i) => {
      values.writeFloatLE(value, 4 * i);
    });
    const label = this.#label(imageHash);
    const sealed = this.#cipher.seal(values, label);
    this.#entries.set(label.toString('base64'), sealed);
    await this.#append(Buffer.concat([label, sealed]));
  }

  /** Ends writing and lets another process write. What was added is on its way to the disk already. */
  async close(): Promise<void> {
    await this.#lastWrite;
    const [file, unlock] = [this.#file, this.#unlock];
    this.#file = undefined;
    this.#unlock = undefined;
    await file?.close();
    await unlock?.();
  }

  /** Closes the cache and deletes this encoder's embeddings; the key and other encoders' files stay. {@link eraseEmbeddingCaches} deletes all. */
  async erase(): Promise<void> {
    this.#entries.clear();
    await this.close();
    await storing(this.#path, () => rm(this.#path, { force: true }));
  }

  #label(imageHash: string): Buffer {
    return this.#cipher.label(`${this.#options.encoderHash}\n${imageHash}`);
  }

  /** One after another: two appends at once could interleave where a write is split. */
  #append(entry: Buffer): Promise<void> {
    const written = this.#lastWrite.then(() => storing(this.#path, () => this.#write(entry)));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  async #write(entry: Buffer): Promise<void> {
    const file = this.#file;
    try {
      await file?.appendFile(entry);
    } catch (error) {
      // Part of the entry may have been written (a full disk): what came after it would be out of step.
      this.#file = undefined;
      await file?.close();
      throw error;
    }
  }
}

/**
 * Deletes the key in a cache's folder first, so that every copy of the files is unreadable from then on, and then all embeddings there.
 *
 * @param options.keyFile - the key, where it is kept elsewhere.
 * @throws StoreError where something cannot be deleted.
 */
export async function eraseEmbeddingCaches(
  directory: string,
  options: Pick<EmbeddingCacheOptions, 'keyFile'> = {},
): Promise<void> {
  await storing(directory, async () => {
    await rm(options.keyFile ?? join(directory, KEY_FILE), { force: true });
    const names = await readdir(directory).catch(() => []);
    for (const name of names) {
      if (name.includes(EXTENSION)) await rm(join(directory, name), { force: true });
    }
  });
}

function headerOf(cipher: BiometricCipher, embeddingSize: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(embeddingSize, MAGIC.length);
  cipher.label('proof of the key').copy(header, HEADER_BYTES - LABEL_BYTES);
  return header;
}

/** Leaves a file that begins with the header and ends with a whole entry. */
async function repair(path: string, header: Buffer, entryBytes: number): Promise<void> {
  const bytes = await readOrEmpty(path);
  if (!hasHeader(bytes, header)) {
    await writeFile(`${path}.new`, header, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return;
  }
  const torn = (bytes.length - HEADER_BYTES) % entryBytes;
  if (torn > 0) await truncate(path, bytes.length - torn);
}

/** Sealed embeddings by label; a later entry takes the place of an earlier one. */
function readEntries(bytes: Buffer, header: Buffer, entryBytes: number): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  if (!hasHeader(bytes, header)) return entries;
  for (let at = HEADER_BYTES; at + entryBytes <= bytes.length; at += entryBytes) {
    const label = bytes.toString('base64', at, at + LABEL_BYTES);
    entries.set(label, bytes.subarray(at + LABEL_BYTES, at + entryBytes));
  }
  return entries;
}

function hasHeader(bytes: Buffer, header: Buffer): boolean {
  return bytes.subarray(0, HEADER_BYTES).equals(header);
}

async function readOrEmpty(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
}

async function storing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new StoreError(
      `${path}: the embedding cache cannot be used: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: 'check that the folder can be written and the disk is not full',
        cause,
      },
    );
  }
}
