import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { readGraph } from '../graph/onnx-file.ts';
import { relu } from '../graph/ops/activation.ts';
import { openTrainingRun } from './training-run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-training-run-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function model() {
  const builder = new GraphBuilder('model');
  builder.output('y', relu(builder.input('x', [1])));
  return builder.build();
}

/** Finishes a run, and gives the path of the model and the hash in it. */
async function finish(name: string, problem: string) {
  const out = join(folder, `${name}.onnx`);
  const run = await openTrainingRun(out, problem, { resume: false, int8: false });
  await run.finish(model());
  return { out, hash: readGraph(await readFile(out)).metadata.training };
}

test('a finished model knows its problem by a hash, and is not trained again', async () => {
  const { out, hash } = await finish('open', '{"seed":7}');
  expect(hash).toBe(sha256('{"seed":7}'));
  expect(await openTrainingRun(out, '{"seed":7}', { resume: true, int8: false })).toMatchObject({ finished: true });
  await expect(async () => openTrainingRun(out, '{"seed":8}', { resume: true, int8: false })).rejects.toThrow();
});
