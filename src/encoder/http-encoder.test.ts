import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { type HttpEncoderOptions, openHttpEncoder } from './http-encoder.ts';

type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse, count: number) => unknown;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server on the loopback; an answer that is returned is sent as JSON. */
async function serve(handler: Handler): Promise<string> {
  let count = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const answer = await handler(request, Buffer.concat(chunks), response, ++count);
    if (answer !== undefined) response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/embed?key=secret`;
}

const OPTIONS: HttpEncoderOptions = {
  ownership: 'A. Tester, our own test server',
  backoffMs: 5,
  requestsPerSecond: 1000,
};

async function open(url: string, options: HttpEncoderOptions = {}) {
  const encoder = await openHttpEncoder(url, { ...OPTIONS, ...options });
  closers.push(() => encoder.close());
  return encoder;
}

const plain = (red: number, green: number, blue: number): Image => ({
  widthPx: 112,
  heightPx: 112,
  data: Uint8Array.from({ length: 3 * 112 * 112 }, (_, i) => [red, green, blue][i % 3] ?? 0),
});

async function meansOf(png: Uint8Array): Promise<number[]> {
  const { image } = await decodeImage(png, { name: 'posted' });
  return [0, 1, 2].map((channel) => image.data[channel] ?? 0);
}

describe('openHttpEncoder', () => {
  it('posts PNG files and keeps the order of the answers', async () => {
    const types = new Set<string | undefined>();
    const url = await serve(async (request, body, _response, count) => {
      types.add(request.headers['content-type']);
      // Later requests answer sooner, so that order cannot come from timing.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 60 - 15 * count)));
      return { embedding: await meansOf(body) };
    });
    const encoder = await open(url);
    expect(encoder.embeddingSize).toBe(3);
    expect(encoder.ownership).toBe(OPTIONS.ownership);
    const embeddings = await encoder.embed([plain(1, 2, 3), plain(4, 5, 6), plain(7, 8, 9)]);
    expect(embeddings.map((row) => [...row])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(encoder.queries).toBe(4);
    expect([...types]).toEqual(['image/png']);
    expect(`${encoder.id} ${encoder.hash}`).not.toContain('secret');
  });

  it('posts base64 in JSON, with the headers given', async () => {
    const url = await serve(async (request, body, response) => {
      if (request.headers.authorization !== 'Bearer t' || request.headers['content-type'] !== 'application/json') {
        response.statusCode = 400;
        return {};
      }
      return [await meansOf(Buffer.from(JSON.parse(body.toString()).image, 'base64'))];
    });
    const encoder = await open(url, {
      body: 'json',
      headers: { Authorization: 'Bearer t', 'Content-Type': 'text/plain' },
    });
    expect(await encoder.embed([plain(9, 8, 7)])).toEqual([Float32Array.of(9, 8, 7)]);
  });

  it('sends nothing without a statement of ownership', async () => {
    let asked = 0;
    const url = await serve(() => ++asked);
    for (const ownership of [undefined, '  ']) {
      await expect(openHttpEncoder(url, ownership === undefined ? {} : { ownership })).rejects.toMatchObject({
        code: 'input',
        hint: expect.stringContaining('--ownership'),
      });
    }
    expect(asked).toBe(0);
  });

  it('tries again after 429 and 503, and counts each attempt', async () => {
    const url = await serve((_request, _body, response, count) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '0' });
      else if (count === 2) response.statusCode = 503;
      else if (count === 3) return void response.destroy();
      else return [1, 2];
      return {};
    });
    const encoder = await open(url);
    expect(encoder.queries).toBe(4);
  });

  it('gives up after its retries', async () => {
    let asked = 0;
    const url = await serve((_request, _body, response) => {
      asked++;
      response.statusCode = 500;
      return {};
    });
    await expect(open(url, { retries: 2 })).rejects.toThrow(/status 500.*3 attempts/);
    expect(asked).toBe(3);
  });

  it.each<[string, Handler, RegExp]>([
    [
      'a refusal',
      (_q, _b, response) => {
        response.statusCode = 422;
        response.end('{"error": "no face\u001b[31m"}');
      },
      /status 422: .*no face/,
    ],
    ['a redirect', (_q, _b, response) => void response.writeHead(302, { location: '/other' }).end(), /redirects/],
    ['too long an answer', () => 'x'.repeat(2 << 20), /more than 1048576 bytes/],
    ['no embedding', () => ({ result: 'ok' }), /no single embedding/],
  ])('asks once only after %s', async (_name, handler, message) => {
    let asked = 0;
    const url = await serve((...args) => {
      asked++;
      return handler(...args);
    });
    const error: unknown = await open(url).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'capability', message: expect.stringMatching(message) });
    for (const hidden of ['secret', '\u001b']) expect(String(error)).not.toContain(hidden);
    expect(asked).toBe(1);
  });

  it('times out', async () => {
    const url = await serve(() => undefined);
    await expect(open(url, { timeoutMs: 50, retries: 0 })).rejects.toThrow('did not answer within 50 ms');
  });

  it('says what is wrong where nobody listens', async () => {
    await expect(open('http://127.0.0.1:1/', { retries: 0 })).rejects.toMatchObject({ code: 'capability' });
  });

  it('keeps to its rate', async () => {
    const url = await serve(() => [1]);
    const encoder = await open(url, { requestsPerSecond: 50, concurrency: 8, embeddingSize: 1 });
    const start = performance.now();
    await encoder.embed(Array.from({ length: 6 }, () => plain(0, 0, 0)));
    // Five intervals of 20 ms between six requests; timers may fire a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(94);
  });

  it('stops at the first failure', async () => {
    let asked = 0;
    const url = await serve((_request, _body, response) => {
      asked++;
      response.statusCode = 400;
      return {};
    });
    const encoder = await open(url, { embeddingSize: 1, concurrency: 1 });
    await expect(encoder.embed(Array.from({ length: 5 }, () => plain(0, 0, 0)))).rejects.toThrow('status 400');
    expect(asked).toBe(1);
  });

  it('takes only faces of its view', async () => {
    const encoder = await open(await serve(() => [1]), { embeddingSize: 1 });
    await expect(encoder.embed([{ widthPx: 1, heightPx: 1, data: new Uint8Array(3) }])).rejects.toMatchObject({
      code: 'shape',
    });
    expect(encoder.queries).toBe(0);
  });

  it('refuses a header that cannot be sent, without showing its value', async () => {
    const error: unknown = await open('http://127.0.0.1:1/', { headers: { 'x-key': 'hidden\nvalue' } }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'input', message: expect.stringContaining('x-key') });
    expect(String(error)).not.toContain('hidden');
  });

  it.each(['ftp://host/', 'https://user:pass@host/', 'nonsense'])('refuses the address %s', async (address) => {
    await expect(openHttpEncoder(address, OPTIONS)).rejects.toMatchObject({ code: 'input' });
  });
});
