import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withAttribute } from '../defence/photo/attribute/attribute-values.ts';
import { editorGraph, openEditor } from '../defence/photo/attribute/editor.ts';
import type { EditorExample } from '../defence/photo/attribute/editor-training.ts';
import type { EditorShape } from '../defence/photo/attribute/networks.ts';
import type { Image } from '../image/image.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import type { TrainingState } from '../nn/training.ts';

/** Faces on a sheet, spread over the examples. */
const FACES = 8;

/** Writes a sheet at each checkpoint: a row for each face, as it is, reconstructed, and with each attribute turned round. */
export function sampleSheets(
  folder: string,
  examples: readonly EditorExample[],
  model: { readonly shape: EditorShape; readonly attributes: readonly string[] },
): (state: TrainingState) => Promise<void> {
  const { shape, attributes } = model;
  const chosen = Array.from({ length: FACES }, (_, k) => examples[Math.floor((k * examples.length) / FACES)]).flatMap(
    (example) => example ?? [],
  );
  return async ({ step, average }) => {
    const editor = await openEditor(editorGraph(average, model), { threads: 1 });
    const tiles: Float32Array[] = [];
    for (const { portrait, own } of chosen) {
      const face = Float32Array.from(portrait, (value) => value / 255);
      const targets = attributes.map((name, at) =>
        withAttribute(own, attributes, { name, value: -(own[at] as number) }),
      );
      const changes = await editor.change(
        targets.map(() => face),
        targets.map(() => own),
        targets,
      );
      const [again] = await editor.reconstruct([face], [own]);
      tiles.push(
        face,
        again ?? face,
        ...changes.map((change) => face.map((value, i) => value + (change[i] as number))),
      );
    }
    await editor.close();
    const sheet = tiled(tiles, { columns: attributes.length + 2, sizePx: shape.sizePx });
    await mkdir(folder, { recursive: true });
    const detail = `columns: photo, reconstruction, ${attributes.join(', ')}`;
    const png = await encodeMarkedPng(sheet, { kind: 'edited', method: 'attribute editor in training', detail });
    await writeFile(join(folder, `step-${String(step).padStart(6, '0')}.png`), png);
  };
}

/** Planar faces [3,S,S], 0..1, side by side. */
function tiled(faces: readonly Float32Array[], { columns, sizePx }: { columns: number; sizePx: number }): Image {
  // A row more, for the mark.
  const rows = Math.ceil(faces.length / columns) + 1;
  const widthPx = columns * sizePx;
  const data = new Uint8Array(3 * widthPx * rows * sizePx);
  const plane = sizePx ** 2;
  faces.forEach((face, tile) => {
    const left = (tile % columns) * sizePx;
    const top = Math.floor(tile / columns) * sizePx;
    for (let i = 0; i < plane; i++) {
      const at = 3 * ((top + Math.floor(i / sizePx)) * widthPx + left + (i % sizePx));
      for (let c = 0; c < 3; c++) {
        data[at + c] = Math.round(255 * Math.min(1, Math.max(0, face[c * plane + i] as number)));
      }
    }
  });
  return { widthPx, heightPx: rows * sizePx, data };
}
