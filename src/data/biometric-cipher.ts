import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../util/errors.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes that sealing adds to a text. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;

/** Encrypts templates and faces that are kept on disk: AES-256-GCM with a random 96-bit nonce for each entry (good for 2^32 entries under one key), and labels that tell nothing without the key. */
export class BiometricCipher {
  readonly #sealKey: Buffer;
  readonly #labelKey: Buffer;

  /** @param key - 32 random bytes; two keys are derived from it, so that none serves two purposes. */
  constructor(key: Uint8Array) {
    this.#sealKey = createHmac('sha256', key).update('faceward embedding seal').digest();
    this.#labelKey = createHmac('sha256', key).update('faceward embedding label').digest();
  }

  /** 32 bytes that stand for the text: always the same, and not to be guessed or tested without the key. */
  label(text: string): Buffer {
    return createHmac('sha256', this.#labelKey).update(text).digest();
  }

  /** Nonce, ciphertext and tag; `context` is bound to it but not in it. */
  seal(text: Uint8Array, context: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce).setAAD(context);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }

  /** The text, or undefined where the bytes were damaged, belong to another context or were sealed under another key. */
  open(sealed: Uint8Array, context: Uint8Array): Buffer | undefined {
    if (sealed.length < SEAL_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(context).setAuthTag(sealed.subarray(-TAG_BYTES));
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([text, decipher.final()]);
    } catch {
      // The tag does not fit: Node says so by throwing.
      return undefined;
    }
  }
}

/**
 * Reads a key file of 32 bytes, and makes one (mode 0600, in a folder of mode 0700) where there is none.
 *
 * @throws StoreError where it cannot be read or made, has another length, or others than its owner may read it.
 */
export async function openKeyFile(path: string): Promise<Buffer> {
  try {
    await makeKeyFile(path);
    await requirePrivate(path);
    const key = await readFile(path);
    if (key.length === KEY_BYTES) return key;
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`${path}: the key that encrypts what is kept can be neither read nor made`, { cause });
  }
  throw new StoreError(`${path}: this is no key of ${KEY_BYTES} bytes`, {
    hint: 'delete it and what it encrypted; both are made anew',
  });
}

/** Written aside and then linked into place, so that of two processes one wins and no other ever reads half a key. */
async function makeKeyFile(path: string): Promise<void> {
  if (await exists(path)) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(await exists(path))) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function requirePrivate(path: string): Promise<void> {
  // Windows has no such bits.
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new StoreError(`${path}: others than its owner may read the key that encrypts what is kept`, {
    hint: `run: chmod 600 ${path}`,
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
