import { describe, expect, it } from 'vitest';
import type { Image } from '../image/image.ts';
import { cachedEncoder, hashImage } from './cached-encoder.ts';
import type { Encoder } from './encoder.ts';

const grey = (value: number, widthPx = 4, heightPx = 4): Image => ({
  widthPx,
  heightPx,
  data: new Uint8Array(3 * widthPx * heightPx).fill(value),
});

class FirstByteEncoder implements Encoder {
  readonly id = 'first-byte';
  readonly hash = 'first-byte';
  readonly embeddingSize = 1;
  readonly view = { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 4, heightPx: 4 };
  queries = 0;
  isClosed = false;

  async embed(faces: readonly Image[]): Promise<Float32Array[]> {
    this.queries += faces.length;
    return faces.map((face) => Float32Array.of(face.data[0] ?? 0));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

describe('cachedEncoder', () => {
  it('asks for each image once, and answers in order', async () => {
    const inner = new FirstByteEncoder();
    const stored = new Map<string, Float32Array>();
    const store = {
      get: async (hash: string) => stored.get(hash),
      put: async (hash: string, embedding: Float32Array) => void stored.set(hash, embedding),
    };
    const encoder = cachedEncoder(inner, store);
    const values = async (faces: readonly Image[]) => (await encoder.embed(faces)).map(([value]) => value);
    expect(await values([grey(7), grey(9), grey(7)])).toEqual([7, 9, 7]);
    expect(encoder.queries).toBe(2);
    expect(await values([grey(3), grey(9)])).toEqual([3, 9]);
    expect(encoder.queries).toBe(3);
    expect([...stored.keys()]).toEqual([grey(7), grey(9), grey(3)].map(hashImage));
    await encoder.close();
    expect(inner.isClosed).toBe(true);
  });

  it('does not believe an entry of another size', async () => {
    const encoder = cachedEncoder(new FirstByteEncoder(), {
      get: async () => Float32Array.of(1, 2),
      put: async () => {},
    });
    expect(await encoder.embed([grey(5)])).toEqual([Float32Array.of(5)]);
  });
});

describe('hashImage', () => {
  it('tells pixels and shape apart', () => {
    const hashes = [grey(1), grey(2), grey(1, 2, 8), grey(1, 8, 2)].map(hashImage);
    expect(new Set(hashes).size).toBe(4);
  });
});
