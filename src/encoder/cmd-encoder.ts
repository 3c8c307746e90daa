import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { type BlackBoxOptions, CANONICAL_CROP, probeOf, requireFaceSize, requirePositive } from './black-box.ts';
import { LineProcess } from './cmd-process.ts';
import { splitCommandLine } from './command-line.ts';
import { parseEmbedding } from './embedding-answer.ts';
import type { Encoder, EncoderView } from './encoder.ts';

/** How a program is asked. */
export interface CmdEncoderOptions extends BlackBoxOptions {
  /** For one face; the first waits for the program to load too. Default 120,000. */
  readonly timeoutMs?: number;
}

/**
 * Starts a program that embeds faces: a black box. It is started once, without a shell. For each face it reads a line from its stdin, the path of a PNG, and
 * prints a line with the embedding as JSON ({@link parseEmbedding}); when its stdin ends, it ends. The files lie in a folder that only this user can read and
 * are removed after the answer.
 *
 * @param command - program and arguments ({@link splitCommandLine}).
 * @throws InputError for a bad command or option; CapabilityError where the program cannot be started, ends, is too slow or does not answer as it should.
 */
export async function openCmdEncoder(command: string, options: CmdEncoderOptions = {}): Promise<Encoder> {
  const [program, ...args] = splitCommandLine(command);
  const { timeoutMs = 120_000 } = options;
  requirePositive({ timeoutMs });
  // mkdtemp gives mode 0700.
  const folder = await mkdtemp(join(tmpdir(), 'faceward-'));
  const encoder = new ProgramEncoder({ program, args, folder, timeoutMs, options });
  try {
    if (options.embeddingSize === undefined) await encoder.measure(probeOf(options));
    return encoder;
  } catch (error) {
    await encoder.close();
    throw error;
  }
}

class ProgramEncoder implements Encoder {
  readonly id: string;
  readonly hash: string;
  readonly view: EncoderView;
  readonly #folder: string;
  readonly #timeoutMs: number;
  readonly #process: LineProcess;
  readonly #removeAtExit = () => rmSync(this.#folder, { recursive: true, force: true });
  #embeddingSize: number;
  #queries = 0;
  /** Faces go to the program one after another, whoever asks. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    readonly program: string;
    readonly args: readonly string[];
    readonly folder: string;
    readonly timeoutMs: number;
    readonly options: BlackBoxOptions;
  }) {
    this.id = `cmd:${basename(parts.program)}`;
    this.view = parts.options.view ?? CANONICAL_CROP;
    this.hash = createHash('sha256')
      .update(JSON.stringify([parts.program, parts.args, this.view]))
      .digest('hex');
    this.#embeddingSize = parts.options.embeddingSize ?? 0;
    this.#folder = parts.folder;
    this.#timeoutMs = parts.timeoutMs;
    this.#process = new LineProcess(parts.program, parts.args);
    process.once('exit', this.#removeAtExit);
  }

  get embeddingSize(): number {
    return this.#embeddingSize;
  }

  get queries(): number {
    return this.#queries;
  }

  /** Finds the embedding's size by one query. */
  async measure(face: Image): Promise<void> {
    requireFaceSize(this.id, this.view, [face]);
    this.#embeddingSize = (await this.#ask(face, undefined)).length;
  }

  async embed(faces: readonly Image[]): Promise<Float32Array[]> {
    requireFaceSize(this.id, this.view, faces);
    const turn = this.#turn.then(() => this.#embedInTurn(faces));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.#process.end();
    process.off('exit', this.#removeAtExit);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #embedInTurn(faces: readonly Image[]): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = [];
    for (const face of faces) embeddings.push(await this.#ask(face, this.#embeddingSize));
    return embeddings;
  }

  async #ask(face: Image, size: number | undefined): Promise<Float32Array> {
    this.#queries++;
    const path = join(this.#folder, `${this.#queries}.png`);
    await writeFile(path, await encodePng(face), { mode: 0o600 });
    try {
      return parseEmbedding(await this.#process.ask(path, this.#timeoutMs), this.id, size);
    } finally {
      await rm(path, { force: true });
    }
  }
}
