import { expect, test } from 'vitest';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import { affordablePeople } from './budget.ts';

const asked = { people: 300, photos: 3000 };
const takes = (ms: number) => async () => ms;

test('everybody where there is no budget, and nothing is timed', async () => {
  const never = async () => Promise.reject(new TypeError('timed'));
  expect(await affordablePeople(asked, never, { store: memoryStore() })).toBe(300);
});

test('half the people in half the time; at least sixty; and as many when it is resumed', async () => {
  // 3,000 photos of 30 ms are 90 s, and three tenths of the whole: 300 s.
  const store = memoryStore();
  const half = await affordablePeople(asked, takes(30), { endsAt: Date.now() + 150_000, store });
  expect(half).toBeGreaterThan(145);
  expect(half).toBeLessThanOrEqual(150);
  expect(await affordablePeople(asked, takes(1), { endsAt: Date.now(), store })).toBe(half);
  expect(await affordablePeople(asked, takes(30), { endsAt: Date.now() + 1000, store: memoryStore() })).toBe(60);
  expect(await affordablePeople(asked, takes(1), { endsAt: Date.now() + 150_000, store: memoryStore() })).toBe(300);
});
