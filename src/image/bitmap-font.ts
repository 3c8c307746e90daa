import type { Image } from './image.ts';

/** Height of a letter in its own pixels. */
export const GLYPH_HEIGHT = 7;
const GLYPH_WIDTH = 5;
const ADVANCE = GLYPH_WIDTH + 1;

/** Capital letters, 5x7: one base-32 digit per row from the top, its five bits the pixels from the left ('h' is #...#). */
// biome-ignore format: a table is read by rows
const GLYPHS: Readonly<Record<string, string>> = {
  A: 'ehhvhhh', B: 'uhhuhhu', C: 'ehggghe', D: 'uhhhhhu', E: 'vgguggv', F: 'vgguggg', G: 'ehgnhhe', H: 'hhhvhhh',
  I: 'e44444e', J: '72222ic', K: 'hikokih', L: 'ggggggv', M: 'hrllhhh', N: 'hhpljhh', O: 'ehhhhhe', P: 'uhhuggg',
  Q: 'ehhhlid', R: 'uhhukih', S: 'fgge11u', T: 'v444444', U: 'hhhhhhe', V: 'hhhhha4', W: 'hhhllla', X: 'hha4ahh',
  Y: 'hha4444', Z: 'v1248gv', '-': '000v000', ' ': '0000000',
};

/** Width of `text` in glyph pixels, without the gap behind its last letter. */
export function textWidth(text: string): number {
  return ADVANCE * text.length - 1;
}

/**
 * Draws capital letters, spaces and hyphens in white into `image` (in place), each glyph pixel `scale` x `scale` pixels;
 * what falls outside is left out. No font of the system is used.
 */
export function drawText(
  image: Image,
  text: string,
  at: { readonly x: number; readonly y: number; readonly scale: number },
): void {
  [...text].forEach((letter, index) => {
    const rows = GLYPHS[letter] ?? GLYPHS['-'] ?? '';
    [...rows].forEach((digit, row) => {
      const bits = Number.parseInt(digit, 32);
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (((bits >> (GLYPH_WIDTH - 1 - column)) & 1) === 0) continue;
        fillRectangle(
          image,
          at.x + (index * ADVANCE + column) * at.scale,
          at.y + row * at.scale,
          at.scale,
          at.scale,
          255,
        );
      }
    });
  });
}

/** Fills a rectangle with one grey (in place); what falls outside is left out. */
export function fillRectangle(image: Image, x: number, y: number, width: number, height: number, grey: number): void {
  const left = Math.max(0, x);
  const right = Math.min(image.widthPx, x + width);
  const bottom = Math.min(image.heightPx, y + height);
  if (right <= left) return;
  for (let row = Math.max(0, y); row < bottom; row++) {
    image.data.fill(grey, 3 * (row * image.widthPx + left), 3 * (row * image.widthPx + right));
  }
}
