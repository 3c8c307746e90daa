import { expect, test } from 'vitest';
import { RECEIPTS, receipt, tested } from '../../test/fixtures/receipts.ts';
import { RECEIPT_LIMITS } from '../audit/protection/receipt.ts';
import { renderReceipts } from './receipts-page.ts';

test('the page shows every photo and what no test can rule out, escaped, and fetches nothing', () => {
  const page = renderReceipts([...RECEIPTS, receipt('<img src=x>.jpg', [tested(0.4)])]);
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) expect(page).toContain(`<h2>${name}: Protects in part</h2>`);
  for (const limit of RECEIPT_LIMITS) expect(page).toContain(limit);
  expect(page).toContain('&#60;img src=x&#62;.jpg');
  expect(page).not.toMatch(/<img|<script|https?:\/\//);
  // As they are, one of the four that were compared is recognised; the narrow space before the sign is the report's own.
  expect(page).toMatch(/25\.0\s%/);
});
