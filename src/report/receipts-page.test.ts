import { expect, test } from 'vitest';
import { attributeReceipt, RECEIPTS, receipt, tested } from '../../test/fixtures/receipts.ts';
import type { AttributeEdit } from '../audit/protection/attribute-receipt.ts';
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

test('tells of attributes, of what was covered, of what failed and of what to look at', () => {
  const face = { box: { x: 1, y: 2, width: 30, height: 40 }, confidence: 0.4, covered: false };
  const page = renderReceipts(
    [
      attributeReceipt(
        'a <b>.jpg',
        { Male: { before: 0.9, target: -0.8, after: [0.1, 0.2], outcome: 'not-within-budget' } },
        {
          metadata: { found: ['GPS position', 'thumbnail'], orientation: 6, written: ['XMP'] },
          models: [{ role: 'judge', id: 'judge', hash: 'abc' }],
          review: { possible: [face], belowQuality: [{ face: 0, reasons: ['blurred, or enlarged'] }] },
        },
      ),
    ],
    { failed: [{ photo: 'broken.jpg', problem: 'it is empty', hint: 'copy it again' }] },
  );
  for (const text of [
    'broken.jpg</strong>: it is empty (copy it again)',
    'there may be a face at 1, 2, 30 px wide, which was left alone',
    'face 1 is too poor to be sure of: blurred, or enlarged',
    'cannot be hidden within the budget',
    'Removed: GPS position, thumbnail. Turned upright (orientation 6).',
    'beard',
    'Keep this receipt to yourself',
  ])
    expect(page).toContain(text);
  expect(page).not.toContain('<b>.jpg');
  expect(page).not.toContain('data:image');
});

test('says after what the match was kept, and what was not drawn', () => {
  const made = attributeReceipt('a.jpg', { Male: { before: 0.9, target: -0.8, after: [0.1] } });
  const pageOf = (given: Partial<AttributeEdit>): string =>
    renderReceipts(
      [
        {
          ...made,
          faces: made.faces.map(({ attributes, ...face }) =>
            attributes ? { ...face, attributes: { ...attributes, ...given } } : face,
          ),
        },
      ],
      { failed: [] },
    );
  expect(pageOf({})).toContain('Kept as written alone: after JPEG, resizing, a screenshot or blur it may not hold.');
  const [match] = made.faces[0]?.attributes?.matches ?? [];
  if (!match) throw new TypeError('no match');
  const page = pageOf({
    matches: [
      { ...match, after: 'as-it-is' },
      { ...match, after: 'jpeg-75', similarity: 0.94 },
    ],
    steps: [{ kind: 'operation', name: 'beard', amount: 0, refused: 'turned-away' }],
  });
  expect(page).toContain('similarity 0.940, at least 0.930 (made up), after each of 2 transformations; lowest after');
  expect(page).toContain('Not drawn, as the face is turned too far: beard.');
  expect(page).not.toContain('Drawn along');
});
