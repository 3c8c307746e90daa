import { expect, test } from 'vitest';
import { RECEIPTS } from '../../../test/fixtures/receipts.ts';
import { summariseReceipts } from './summary.ts';

test('shares and means are over the faces that were compared with other photos', () => {
  const rows = summariseReceipts(RECEIPTS);
  expect(rows.map(({ transformation }) => transformation)).toEqual(['as-it-is', 'blur']);
  const [plain] = rows;
  expect(plain).toMatchObject({
    role: 'held-out',
    before: { successes: 3, trials: 3 },
    after: { successes: 1, trials: 3 },
    rankOneBefore: { successes: 3, trials: 3 },
    rankOneAfter: { successes: 1, trials: 3 },
  });
  expect(plain?.meanBefore).toBeCloseTo(0.8, 9);
  expect(plain?.meanAfter).toBeCloseTo((0.6 + 0.2 + 0) / 3, 9);
  expect(summariseReceipts(RECEIPTS.slice(3))).toEqual([]);
});
