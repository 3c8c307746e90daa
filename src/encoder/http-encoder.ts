import { createHash } from 'node:crypto';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type BlackBoxOptions, CANONICAL_CROP, probeOf, requireFaceSize, requirePositive } from './black-box.ts';
import { parseEmbedding } from './embedding-answer.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import { parseAddress } from './http-address.ts';
import { type PostOptions, postForText, shownAddress } from './http-request.ts';
import { RequestPace } from './request-pace.ts';

/** How an endpoint is asked. */
export interface HttpEncoderOptions extends BlackBoxOptions {
  /** Who says that the endpoint is theirs, or that they may test it; goes into the report. Required: without it nothing is sent. */
  readonly ownership?: string;
  /** `png`: the file itself as image/png; `json`: `{"image": "<base64 of the PNG>"}`. Default 'png'. */
  readonly body?: 'png' | 'json';
  /** Further headers, such as authorization; never logged. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one attempt. Default 30,000. */
  readonly timeoutMs?: number;
  /** Attempts after the first. Default 4. */
  readonly retries?: number;
  /** Wait before the second attempt, doubled before each further one. Default 500. */
  readonly backoffMs?: number;
  /** Default 10. */
  readonly requestsPerSecond?: number;
  /** Requests under way at once. Default 4. */
  readonly concurrency?: number;
}

/** An encoder behind an address, with the statement that allows its being asked. */
export interface HttpEncoder extends Encoder {
  readonly ownership: string;
}

/**
 * Opens an endpoint that takes a picture by POST and answers with its embedding ({@link parseEmbedding}): a black box.
 *
 * `queries` counts every request that was sent, repeated ones too.
 *
 * @throws InputError without a statement of ownership, or for a bad address or option; CapabilityError where the endpoint does not answer as it should.
 */
export async function openHttpEncoder(address: string, options: HttpEncoderOptions = {}): Promise<HttpEncoder> {
  const url = parseAddress(address);
  const ownership = options.ownership?.trim();
  if (!ownership) {
    throw new InputError(`${shownAddress(url)} is asked only after a statement that you own it or may test it`, {
      hint: 'give it with --ownership "…": who you are and what allows you to test this endpoint; it goes into the report',
    });
  }
  const { timeoutMs = 30_000, requestsPerSecond = 10, concurrency = 4, retries = 4, backoffMs = 500 } = options;
  requirePositive({ timeoutMs, requestsPerSecond, concurrency, backoffMs });
  if (!Number.isInteger(retries) || retries < 0) throw new InputError(`retries is ${retries}: it must be 0, 1, 2 …`);
  const encoder = new Endpoint(url, ownership, {
    ...options,
    timeoutMs,
    requestsPerSecond,
    concurrency,
    retries,
    backoffMs,
  });
  if (options.embeddingSize === undefined) await encoder.measure(probeOf(options));
  return encoder;
}

type Settings = HttpEncoderOptions &
  Required<Pick<HttpEncoderOptions, 'timeoutMs' | 'requestsPerSecond' | 'concurrency' | 'retries' | 'backoffMs'>>;

class Endpoint implements HttpEncoder {
  readonly id: string;
  readonly hash: string;
  readonly view: EncoderView;
  readonly ownership: string;
  readonly #url: URL;
  readonly #settings: Settings;
  readonly #headers: Headers;
  readonly #pace: RequestPace;
  readonly #closing = new AbortController();
  #embeddingSize: number;
  #queries = 0;

  constructor(url: URL, ownership: string, settings: Settings) {
    this.#url = url;
    this.#settings = settings;
    this.#headers = readHeaders(settings.headers);
    this.#pace = new RequestPace(settings.requestsPerSecond);
    this.#embeddingSize = settings.embeddingSize ?? 0;
    this.id = shownAddress(url);
    this.view = settings.view ?? CANONICAL_CROP;
    this.hash = createHash('sha256')
      .update(JSON.stringify([url.href, settings.body ?? 'png', this.view]))
      .digest('hex');
    this.ownership = ownership;
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
    const embeddings: Float32Array[] = [];
    const waiting = faces.entries();
    // The workers share one iterator; the first failure ends them all, so that no more faces are sent in vain.
    let failed = false;
    const work = async () => {
      for (const [i, face] of waiting) {
        if (failed) return;
        try {
          embeddings[i] = await this.#ask(face, this.#embeddingSize);
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#settings.concurrency, faces.length) }, work));
    return embeddings;
  }

  async close(): Promise<void> {
    this.#closing.abort(new InputError(`${this.id} was closed`));
  }

  async #ask(face: Image, size: number | undefined): Promise<Float32Array> {
    const { timeoutMs, retries, backoffMs } = this.#settings;
    const text = await postForText({
      ...(await this.#request(face)),
      url: this.#url,
      timeoutMs,
      retries,
      backoffMs,
      pace: this.#pace,
      signal: this.#closing.signal,
      onQuery: () => {
        this.#queries++;
      },
    });
    return parseEmbedding(text, this.id, size);
  }

  async #request(face: Image): Promise<Pick<PostOptions, 'headers' | 'body'>> {
    const png = Uint8Array.from(await encodePng(face));
    const isJson = this.#settings.body === 'json';
    const headers = new Headers(this.#headers);
    headers.set('content-type', isJson ? 'application/json' : 'image/png');
    return { headers, body: isJson ? JSON.stringify({ image: Buffer.from(png).toString('base64') }) : png };
  }
}

function readHeaders(given: Readonly<Record<string, string>> = {}): Headers {
  const headers = new Headers({ accept: 'application/json' });
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      // Without the cause, which repeats the value.
      throw new InputError(`the header "${name}" has a name or a value that cannot be sent`);
    }
  }
  return headers;
}
