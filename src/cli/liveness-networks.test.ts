import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../test/fixtures/originals.ts';
import { mainFace } from '../face/main-face.ts';
import { decodeImage } from '../image/decode.ts';
import { medianOf } from '../metric/median.ts';
import { pipelineSource } from './face-source.ts';
import { openNamedNetwork } from './liveness-networks.ts';
import { type SimulatedKind, simulatePresentation } from './simulated-presentations.ts';

test('the network that comes with Faceward takes a person it has never seen for live, and prints and screens of the same photo not', async () => {
  await using source = pipelineSource({ device: 'cpu', threads: '1' });
  const network = await openNamedNetwork('faceward', { threads: 1 });
  try {
    expect(network.name).toMatch(/^faceward-[0-9a-f]{8}$/);
    const pipeline = await source.openPipeline();
    const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
    const photographed = mainFace(await pipeline.detect(image), image);
    if (!photographed) throw new TypeError('the sample has a face');
    /** The median of some presentations that differ in camera, distance and light. */
    const scoreOf = async (kind: SimulatedKind): Promise<number> => {
      const scores: number[] = [];
      for (let i = 0; i < 7; i++) {
        const frame = await simulatePresentation(image, photographed, kind, { person: 'sample', seed: `${i}` });
        const face = mainFace(await pipeline.detect(frame), frame);
        if (face) scores.push(...(await network.score([{ image: frame, face }])));
      }
      return medianOf(scores);
    };
    const own = await scoreOf('bona-fide');
    expect(await scoreOf('print')).toBeLessThan(own);
    expect(await scoreOf('screen')).toBeLessThan(own);
  } finally {
    await network.close();
  }
});
