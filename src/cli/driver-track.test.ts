import { expect, it } from 'vitest';
import { heldWhereLost, readDriver } from './driver-track.ts';
import { pipelineSource } from './face-source.ts';

it('a face that is lost stays where it was, and frames keep their times', () => {
  expect(heldWhereLost([undefined, 1, undefined, undefined, 4, undefined], 1)).toEqual([1, 1, 1, 1, 4, 4]);
});

it.each(['nodd', 'none.json', 'none.mp4'])('who names "%s" is told what a driver may be', async (name) => {
  await using source = pipelineSource({ device: 'cpu' });
  const options = { framesPerSecond: 25, seconds: 1, strength: 1 };
  await expect(readDriver(name, source, options)).rejects.toMatchObject({
    message: expect.stringContaining(name),
    hint: expect.stringContaining('nod, shake'),
  });
});
