import { expect, test } from 'vitest';
import { createSession } from '../../runtime/session.ts';
import { GraphBuilder } from '../builder.ts';
import { float32, int64, type Tensor, toNumbers } from '../tensor.ts';
import { scatterAlong } from './selection.ts';

test('no sum is lost where many entries meet in few places, in several threads', async () => {
  const [entries, width, extent] = [20_000, 64, 16];
  const builder = new GraphBuilder();
  const values = builder.input('values', [entries, width]);
  const indices = builder.input('indices', [entries], 'int64');
  builder.output('sums', scatterAlong(values, indices, extent, 0));
  const session = await createSession(builder.build(), { threads: 4 });
  const feeds = {
    values: float32(new Float32Array(entries * width).fill(1), [entries, width]),
    // Half of the places are named from the end.
    indices: int64(Array.from({ length: entries }, (_, i) => (i % 2 ? (i % extent) - extent : i % extent))),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    const { sums } = (await session.run(feeds)) as { sums: Tensor };
    expect(new Set(toNumbers(sums))).toEqual(new Set([entries / extent]));
  }
});
