import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openReenactor, reenactorGraph } from '../attack/presentation/reenactment/reenactor.ts';
import type { ReenactorShape } from '../attack/presentation/reenactment/reenactor-shape.ts';
import { createPairSource, type MovingFaces } from '../attack/presentation/reenactment/training-pairs.ts';
import type { Image } from '../image/image.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { resizeImage } from '../image/resize.ts';
import { fromPlanar } from '../image/tensor.ts';
import type { TrainingState } from '../nn/training.ts';
import { Random } from '../util/random.ts';

/** Pairs on a sheet. */
const PAIRS = 8;

const COLUMNS = 'source, driver, frame, what was painted, where it is seen';

/** Writes a sheet at each checkpoint, marked: a row for each pair of the training side. */
export function reenactorSheets(
  folder: string,
  faces: MovingFaces,
  shape: ReenactorShape,
): (state: TrainingState) => Promise<void> {
  const { sizePx, motionPx } = shape;
  const source = createPairSource(faces, sizePx);
  const pairs = Array.from({ length: PAIRS }, (_, i) => source.draw(new Random(`sheet ${i}`)));
  return async ({ step, average }) => {
    const reenactor = await openReenactor(reenactorGraph(average, { shape }), { threads: 1 });
    const tiles: Image[] = [];
    for (const [still, driver] of pairs) {
      const made = await (await reenactor.source(still)).frame(await reenactor.keyPoints(driver));
      const size = { widthPx: sizePx, heightPx: sizePx };
      const [hidden] = fromPlanar(threefold(made.hidden), { widthPx: motionPx, heightPx: motionPx }) as [Image];
      tiles.push(still, driver, ...fromPlanar(made.picture, size), ...fromPlanar(made.painted, size));
      tiles.push(resizeImage(hidden, sizePx, sizePx));
    }
    await reenactor.close();
    await mkdir(folder, { recursive: true });
    const png = await encodeMarkedPng(tiled(tiles, tiles.length / PAIRS, sizePx), {
      kind: 'animated',
      method: 'reenactment network in training',
      detail: `columns: ${COLUMNS}`,
    });
    await writeFile(join(folder, `step-${String(step).padStart(6, '0')}.png`), png);
  };
}

/** A plane as the three planes of a grey picture. */
function threefold(plane: Float32Array): Float32Array {
  const planes = new Float32Array(3 * plane.length);
  for (let c = 0; c < 3; c++) planes.set(plane, c * plane.length);
  return planes;
}

/** Square pictures side by side, with a row more for the mark. */
function tiled(pictures: readonly Image[], columns: number, sidePx: number): Image {
  const rows = Math.ceil(pictures.length / columns) + 1;
  const widthPx = columns * sidePx;
  const data = new Uint8Array(3 * widthPx * rows * sidePx);
  pictures.forEach((picture, tile) => {
    const [left, top] = [(tile % columns) * sidePx, Math.floor(tile / columns) * sidePx];
    for (let y = 0; y < sidePx; y++) {
      const row = picture.data.subarray(3 * sidePx * y, 3 * sidePx * (y + 1));
      data.set(row, 3 * ((top + y) * widthPx + left));
    }
  });
  return { widthPx, heightPx: rows * sidePx, data };
}
