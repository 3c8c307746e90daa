import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { ints } from '../graph/graph.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { openEncoder } from './open-encoder.ts';

const folder = mkdtempSync(join(tmpdir(), 'open-encoder-'));
const OPTIONS = { cacheDir: join(folder, 'cache') };
afterAll(() => rmSync(folder, { recursive: true }));

describe('openEncoder', () => {
  it('opens a bundled encoder', async () => {
    const encoder = await openEncoder('dlib', OPTIONS);
    expect(encoder).toMatchObject({ id: 'dlib', embeddingSize: 128, queries: 0 });
    await encoder.close();
  });

  it('opens a file and tells what it assumed', async () => {
    const builder = new GraphBuilder('mean');
    builder.output('mean', builder.op('ReduceMean', [builder.input('image', [1, 3, 8, 8])], { axes: ints([2, 3]) }));
    const path = join(folder, 'mean.onnx');
    writeFileSync(path, writeGraph(builder.build()));
    const told: string[] = [];
    const encoder = await openEncoder(path, {
      ...OPTIONS,
      input: { channels: 'rgb' },
      onLog: (message) => told.push(message),
    });
    expect(encoder.id).toMatch(/^mean-[0-9a-f]{8}$/);
    expect(told).toEqual([expect.stringContaining('mean.onnx: the range'), expect.stringContaining('template')]);
    await encoder.close();
  });

  it('opens an endpoint with the view that is asked for', async () => {
    const server = createServer((request, response) => request.resume().on('end', () => response.end('[1, 2]')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const encoder = await openEncoder(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      ...OPTIONS,
      input: { widthPx: 160 },
      http: { ownership: 'a test' },
    });
    expect(encoder).toMatchObject({ embeddingSize: 2, queries: 1, view: { widthPx: 160, heightPx: 160 } });
    expect(encoder.graph).toBeUndefined();
    await encoder.close();
    server.close();
  });

  it('opens a program', async () => {
    const encoder = await openEncoder(
      `cmd:"${process.execPath}" -e "process.stdin.on('data', () => console.log('[1,2,3]'))"`,
      OPTIONS,
    );
    expect(encoder.embeddingSize).toBe(3);
    await encoder.close();
  });

  it.each(['', 'arcface', 'model.pt', 'ftp://host/x'])('lists the forms for "%s"', async (spec) => {
    await expect(openEncoder(spec, OPTIONS)).rejects.toMatchObject({
      code: 'input',
      hint: expect.stringMatching(/dlib.*faceres.*\.onnx.*https:.*cmd:/),
    });
  });

  it('refuses options that are of no use', async () => {
    await expect(openEncoder('faceres', { ...OPTIONS, input: { flip: true } })).rejects.toThrow('flip');
    await expect(openEncoder('cmd:x', { ...OPTIONS, input: { channels: 'bgr' } })).rejects.toThrow('channels');
  });
});
