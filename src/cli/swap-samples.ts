import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SWAP_PEOPLE, type SwapPerson, type SwapShape } from '../attack/presentation/swap/networks.ts';
import type { SwapExample } from '../attack/presentation/swap/random-view.ts';
import { openSwap, type Swap, swapGraph } from '../attack/presentation/swap/swap.ts';
import { trainingSidePx } from '../attack/presentation/swap/swap-view.ts';
import type { Image } from '../image/image.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { fromPlanar } from '../image/tensor.ts';
import type { TrainingState } from '../nn/training.ts';

/** Faces of each person on a sheet, spread over the examples. */
const FACES = 8;

/** Writes a sheet at each checkpoint: in each row a face of the wearer as it is, as the wearer's decoder gives it back, and with the donor's face; then the same of the donor. */
export function swapSheets(
  folder: string,
  people: Readonly<Record<SwapPerson, readonly SwapExample[]>>,
  shape: SwapShape,
): (state: TrainingState) => Promise<void> {
  const { sizePx } = shape;
  const chosen = (person: SwapPerson): Float32Array[] =>
    Array.from({ length: FACES }, (_, k) => people[person][Math.floor((k * people[person].length) / FACES)]).flatMap(
      (example) => (example ? [viewOf(example, sizePx)] : []),
    );
  const [ofDonor, ofWearer] = [chosen('donor'), chosen('wearer')];
  return async ({ step, average }) => {
    const swap = await openSwap(swapGraph(average, { shape }), { threads: 1 });
    const columns = [...(await columnsOf(swap, ofWearer, 'wearer')), ...(await columnsOf(swap, ofDonor, 'donor'))];
    await swap.close();
    const detail = 'columns: wearer, reconstruction, with the donor’s face; donor, reconstruction, with the wearer’s';
    const png = await encodeMarkedPng(tiled(columns, sizePx), {
      kind: 'generated',
      method: 'face swap in training',
      detail,
    });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `step-${String(step).padStart(6, '0')}.png`), png);
  };
}

async function columnsOf(swap: Swap, faces: readonly Float32Array[], own: SwapPerson): Promise<Float32Array[][]> {
  const [other = own] = SWAP_PEOPLE.filter((person) => person !== own);
  return [[...faces], await swap.render(faces, own), await swap.render(faces, other)];
}

/** The middle of an example, unwarped: planar [3,S,S], 0..1. */
function viewOf({ picture }: SwapExample, sizePx: number): Float32Array {
  const sidePx = trainingSidePx(sizePx);
  const border = (sidePx - sizePx) / 2;
  return Float32Array.from({ length: 3 * sizePx ** 2 }, (_, i) => {
    const x = i % sizePx;
    const y = Math.floor(i / sizePx) % sizePx;
    const c = Math.floor(i / sizePx ** 2);
    return (picture[(c * sidePx + y + border) * sidePx + x + border] as number) / 255;
  });
}

/** Columns of planar faces side by side, and room below for the mark. */
function tiled(columns: readonly (readonly Float32Array[])[], sizePx: number): Image {
  const rows = Math.max(...columns.map((column) => column.length)) + 1;
  const widthPx = columns.length * sizePx;
  const data = new Uint8Array(3 * widthPx * rows * sizePx);
  columns.forEach((column, k) => {
    column.forEach((face, row) => {
      const [tile] = fromPlanar(face, { widthPx: sizePx, heightPx: sizePx });
      if (!tile) return;
      for (let y = 0; y < sizePx; y++) {
        const line = tile.data.subarray(3 * sizePx * y, 3 * sizePx * (y + 1));
        data.set(line, 3 * ((row * sizePx + y) * widthPx + k * sizePx));
      }
    });
  });
  return { widthPx, heightPx: rows * sizePx, data };
}
