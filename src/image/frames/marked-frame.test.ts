import { describe, expect, it } from 'vitest';
import { flatImage, pixelAt, wavyImage } from '../../../test/fixtures/image-files.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { SyntheticKind } from '../mark.ts';
import { embedPayload, findPayload } from '../payload.ts';
import { cropImage, resizeImage } from '../resize.ts';
import { frameMarker } from './marked-frame.ts';

const payload = { runId: 77, species: 3 };
const markOf = (kind: SyntheticKind = 'animated') => ({ provenance: { kind, method: 'warp' }, payload });

describe('frameMarker', () => {
  it.each([
    [64, 64],
    [100, 70],
    [112, 112],
    [256, 256],
    [333, 251],
    [640, 480],
    [1280, 480],
    [300, 1000],
  ])('keeps the whole picture of %dx%d px above the band', (widthPx, heightPx) => {
    const frame = wavyImage(widthPx, heightPx, new Random(widthPx));
    const kinds =
      widthPx > 400 ? (['animated'] as const) : (['animated', 'edited', 'generated', 'reconstructed'] as const);
    for (const kind of kinds) {
      const { layout, markFrame } = frameMarker(frame, markOf(kind));
      const marked = markFrame(frame);
      expect([marked.widthPx, marked.heightPx]).toEqual([layout.widthPx, layout.heightPx]);
      expect([layout.widthPx % 2, layout.heightPx % 2]).toEqual([0, 0]);
      expect(layout.pictureHeightPx - heightPx).toBeGreaterThanOrEqual(0);
      expect(layout.pictureHeightPx - heightPx).toBeLessThanOrEqual(5);
      const picture = cropImage(marked, { x: 0, y: 0, width: layout.widthPx, height: layout.pictureHeightPx });
      if (widthPx % 2 === 0 && layout.pictureHeightPx === heightPx)
        expect(picture).toEqual(embedPayload(frame, payload));
      expect(findPayload(marked), kind).toEqual(payload);
      expect(findPayload(picture)).toEqual(payload);
    }
  });

  it('is found again whatever the size, also at twice the size and half of it', { timeout: 20_000 }, () => {
    for (const side of [65, 81, 97, 98, 100, 110, 120, 150, 180, 200, 250, 333]) {
      const marked = frameMarker({ widthPx: side, heightPx: side }, markOf()).markFrame(
        wavyImage(side, side, new Random(side)),
      );
      expect(findPayload(marked), `${side} px`).toEqual(payload);
      for (const scale of side < 150 ? [2] : [0.5, 2]) {
        const resized = resizeImage(marked, Math.round(scale * marked.widthPx), Math.round(scale * marked.heightPx));
        expect(findPayload(resized), `${side} px, ${scale} of it`).toEqual(payload);
      }
    }
  });

  it('writes white words on black below it', () => {
    const { layout, markFrame } = frameMarker({ widthPx: 256, heightPx: 256 }, markOf());
    const marked = markFrame(flatImage(256, 256, [200, 150, 120]));
    const greys = new Map<string, number>();
    for (let y = 256; y < layout.heightPx; y++) {
      for (let x = 0; x < 256; x++)
        greys.set(`${pixelAt(marked, x, y)}`, (greys.get(`${pixelAt(marked, x, y)}`) ?? 0) + 1);
    }
    expect([...greys.keys()].sort()).toEqual(['0,0,0', '255,255,255']);
    // "ANIMATED - FACEWARD" in letters of 14 px has far over a thousand white pixels.
    expect(greys.get('255,255,255')).toBeGreaterThan(1000);
  });

  it('repeats the last column of an odd width, and rows where eighths do not come out', () => {
    const { layout, markFrame } = frameMarker({ widthPx: 101, heightPx: 100 }, markOf());
    expect(layout.widthPx).toBe(102);
    const marked = markFrame(wavyImage(101, 100, new Random(1)));
    const difference = pixelAt(marked, 101, 50)[0] - pixelAt(marked, 100, 50)[0];
    expect(Math.abs(difference)).toBeLessThan(12);
    // The last row likewise: 100 rows and an eighth are none that an even frame can have.
    expect(layout.pictureHeightPx).toBeGreaterThan(100);
    expect(Math.abs(pixelAt(marked, 50, layout.pictureHeightPx - 1)[0] - pixelAt(marked, 50, 99)[0])).toBeLessThan(30);
  });

  it('refuses what is too small', () => {
    expect(() => frameMarker({ widthPx: 63, heightPx: 100 }, markOf())).toThrow(InputError);
    expect(() => frameMarker({ widthPx: 100, heightPx: 40 }, markOf())).toThrow(InputError);
  });
});
