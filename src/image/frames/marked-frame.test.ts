import { describe, expect, it } from 'vitest';
import { flatImage, pixelAt, wavyImage } from '../../../test/fixtures/image-files.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { SyntheticKind } from '../mark.ts';
import { embedPayload, findPayload } from '../payload.ts';
import { cropImage } from '../resize.ts';
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
      expect([layout.widthPx % 2, layout.heightPx % 2, layout.pictureHeightPx]).toEqual([0, 0, heightPx]);
      const picture = cropImage(marked, { x: 0, y: 0, width: widthPx, height: heightPx });
      if (widthPx % 2 === 0) expect(picture).toEqual(embedPayload(frame, payload));
      expect(findPayload(marked), kind).toEqual(payload);
      expect(findPayload(cropImage(marked, { x: 0, y: 0, width: layout.widthPx, height: heightPx }))).toEqual(payload);
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

  it('doubles the last column of an odd width', () => {
    const { layout, markFrame } = frameMarker({ widthPx: 101, heightPx: 100 }, markOf());
    expect(layout.widthPx).toBe(102);
    const marked = markFrame(wavyImage(101, 100, new Random(1)));
    const difference = pixelAt(marked, 101, 50)[0] - pixelAt(marked, 100, 50)[0];
    expect(Math.abs(difference)).toBeLessThan(12);
  });

  it('refuses what is too small', () => {
    expect(() => frameMarker({ widthPx: 63, heightPx: 100 }, markOf())).toThrow(InputError);
    expect(() => frameMarker({ widthPx: 100, heightPx: 40 }, markOf())).toThrow(InputError);
  });
});
