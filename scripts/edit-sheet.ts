/**
 * Writes docs/results/attributes-sheet.jpg: 24 people as they are and with eight edits at full strength, each made at the photo's own resolution as `faceward protect attributes --edit` does, with
 * the models that come with Faceward: `npm run sheet:edits`.
 *
 * The people are on the photos that come inside dependencies (MIT, see THIRD-PARTY.md); nobody is from a data set. No two are closer to dlib or faceres than photos of two people are in one
 * comparison of 10,000, and whoever is seen from the side alone is left out.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AttributeModels, openAttributeModels } from '../src/cli/attribute-models.ts';
import { editSteps } from '../src/cli/edit-steps.ts';
import type { EditStep } from '../src/defence/photo/attribute/presets.ts';
import { type AttributeProtection, attributeProtection } from '../src/defence/photo/attribute/protect-photo.ts';
import { alignedFace } from '../src/encoder/aligned-face.ts';
import type { Face, Point } from '../src/face/face.ts';
import { moveFace } from '../src/face/moved-face.ts';
import { createFacePipeline, type FacePipeline } from '../src/face/pipeline.ts';
import { surroundingsOf } from '../src/face/surroundings.ts';
import { drawText, GLYPH_HEIGHT, textWidth } from '../src/image/bitmap-font.ts';
import type { PixelRegion } from '../src/image/block-average.ts';
import { decodeImage } from '../src/image/decode.ts';
import type { Image } from '../src/image/image.ts';
import { encodeMarked, markSynthetic, type Provenance } from '../src/image/mark.ts';
import { cropImage, resizeImage } from '../src/image/resize.ts';
import { openFaceSessions } from '../src/runtime/bundled-sessions.ts';
import { InputError } from '../src/util/errors.ts';
import { Random } from '../src/util/random.ts';

const SHEET = fileURLToPath(new URL('../docs/results/attributes-sheet.jpg', import.meta.url));

/** Photos inside packages, and a point of each face that is taken. */
const PHOTOS: readonly {
  readonly path: string;
  /** The part that is the photo, of a picture of several. */
  readonly part?: PixelRegion;
  readonly faces: readonly (readonly [x: number, y: number])[];
}[] = [
  {
    path: '@vladmandic/face-api/demo/sample1.jpg',
    faces: [
      [510, 494],
      [936, 548],
      [1576, 326],
    ],
  },
  {
    path: '@vladmandic/face-api/demo/sample2.jpg',
    faces: [
      [983, 363],
      [1546, 285],
    ],
  },
  {
    path: '@vladmandic/face-api/demo/sample3.jpg',
    faces: [
      [695, 476],
      [1582, 451],
    ],
  },
  {
    path: '@vladmandic/face-api/demo/sample4.jpg',
    faces: [
      [331, 329],
      [753, 194],
      [1072, 316],
      [1363, 276],
    ],
  },
  {
    path: '@vladmandic/face-api/demo/sample5.jpg',
    faces: [
      [474, 1032],
      [681, 555],
      [862, 235],
      [1200, 336],
      [1511, 540],
    ],
  },
  {
    path: '@vladmandic/face-api/demo/sample6.jpg',
    faces: [
      [358, 639],
      [774, 492],
      [1269, 465],
      [1593, 425],
    ],
  },
  ...[7, 321, 478].map((x) => ({
    path: '@vladmandic/human/assets/screenshot-facedetect.jpg',
    part: { x, y: 346, width: 151, height: 151 },
    faces: [[75, 70]] as const,
  })),
  {
    path: '@vladmandic/human/assets/screenshot-facedetect.jpg',
    part: { x: 633, y: 344, width: 158, height: 158 },
    faces: [[72, 74]],
  },
];

/** A column: its title, and what `--edit` is told; where it ends in `=`, the attribute is turned to what the face has not. */
const EDITS: readonly { readonly title: string; readonly word: string }[] = [
  { title: 'GLASSES', word: 'eyeglasses=1' },
  { title: 'SMILE TURNED', word: 'smiling=' },
  { title: 'FRINGE', word: 'bangs=1' },
  { title: 'WRINKLES', word: 'wrinkles' },
  { title: 'LIGHTER SKIN', word: 'lighter-skin' },
  { title: 'DARKER SKIN', word: 'darker-skin' },
  { title: 'LONGER LASHES', word: 'longer-lashes' },
  { title: 'BEARD PALE LIPS', word: 'pale-lips-with-beard' },
];

const TILE_PX = 128;
/** What is shown of a photo, in sides of the face's box. */
const SHOWN = 1.7;
const TITLE_PX = 28;
/** Room for the mark of the whole sheet. */
const MARK_PX = 88;
const QUALITY = 45;

/** A person, with what is around the face. */
interface Portrayed {
  readonly photo: Image;
  readonly face: Face;
  readonly others: readonly Face[];
}

async function main(): Promise<void> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-sheet-'));
  await using models = await openAttributeModels({}, {});
  const sessions = await openFaceSessions({ cacheDir });
  try {
    const people = await portrayedPeople(createFacePipeline(sessions));
    const editor = attributeProtection({ editor: models.editor.model, reader: models.reader.model }, []);
    const rows: Image[][] = [];
    for (const person of people) rows.push(await tilesOf(person, editor, models));
    const kinds = EDITS.map(({ word }) => kindOf(stepsOf(word, 1, models)));
    const detail = `columns: as it is, ${EDITS.map(({ word }, i) => `${word} (${kinds[i]})`).join(', ')}; ${models.editor.id}`;
    const jpeg = await encodeMarked(sheetOf(rows, kinds), provenance(detail), {
      format: 'jpeg',
      extent: 'photo',
      quality: QUALITY,
    });
    await writeFile(SHEET, jpeg);
    console.log(`${SHEET}: ${people.length} people, ${Math.round((await stat(SHEET)).size / 1000)} kB`);
  } finally {
    await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
    await rm(cacheDir, { recursive: true, force: true });
  }
}

const provenance = (detail: string): Provenance => ({ kind: 'edited', method: 'attributes', detail });

async function portrayedPeople(pipeline: FacePipeline): Promise<Portrayed[]> {
  const require = createRequire(import.meta.url);
  const people: Portrayed[] = [];
  for (const { path, part, faces } of PHOTOS) {
    const [scope, name, ...inside] = path.split('/');
    // The main file lies in dist/.
    const folder = dirname(dirname(require.resolve(`${scope}/${name}`)));
    const { image } = await decodeImage(join(folder, ...inside));
    const photo = part ? cropImage(image, part) : image;
    const found = await pipeline.detect(photo);
    for (const [x, y] of faces) {
      const face = found.find(({ box }) => isInside({ x, y }, box));
      if (!face) throw new InputError(`${path}: there is no face at (${x}, ${y})`);
      people.push(portray(photo, face, found));
    }
  }
  return people;
}

const isInside = ({ x, y }: Point, box: Face['box']): boolean =>
  x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height;

/** A face and what is around it, as large as in the photo: nothing further away is edited or shown. */
function portray(photo: Image, face: Face, found: readonly Face[]): Portrayed {
  const region = surroundingsOf(face.box, photo);
  const move = (one: Face): Face => moveFace(one, { left: region.x, top: region.y });
  return {
    photo: cropImage(photo, region),
    face: move(face),
    others: found.filter((other) => other !== face).map(move),
  };
}

/** The person as they are, then with each edit, marked. */
async function tilesOf(
  { photo, face, others }: Portrayed,
  editor: AttributeProtection,
  models: AttributeModels,
): Promise<Image[]> {
  const reader = models.reader.model;
  const [logOdds] = await reader.read([alignedFace(photo, face.landmarks, reader.view)]);
  const smiles = (logOdds?.[reader.attributes.indexOf('Smiling')] ?? 0) > 0;
  const tiles = [shown(photo, face)];
  for (const { word } of EDITS) {
    const edits = stepsOf(word, smiles ? -1 : 1, models);
    const { image } = await editor.protect(photo, face, {
      plan: { hide: { hidden: [], along: [], kept: [] }, removal: 'draw', edits },
      secret: new Random(1).fork(word),
      others,
    });
    tiles.push(markSynthetic(shown(image, face), provenance(word)));
  }
  return tiles;
}

const stepsOf = (word: string, turned: -1 | 1, { editor }: AttributeModels): EditStep[] =>
  editSteps([word.endsWith('=') ? `${word}${turned}` : word], editor.model.attributes);

/** Which of the two serves. */
function kindOf(steps: readonly EditStep[]): 'LEARNT' | 'DRAWN' | 'BOTH' {
  const learnt = steps.filter(({ kind }) => kind === 'learnt').length;
  if (learnt === steps.length) return 'LEARNT';
  return learnt === 0 ? 'DRAWN' : 'BOTH';
}

/** A square about the face, as far as the photo goes. */
function shown(photo: Image, { box }: Face): Image {
  const side = Math.floor(Math.min(SHOWN * Math.max(box.width, box.height), photo.widthPx, photo.heightPx));
  const from = (start: number, size: number, end: number): number =>
    Math.round(Math.min(end - side, Math.max(0, start + (size - side) / 2)));
  const square = {
    x: from(box.x, box.width, photo.widthPx),
    y: from(box.y, box.height, photo.heightPx),
    width: side,
    height: side,
  };
  return resizeImage(cropImage(photo, square), TILE_PX, TILE_PX);
}

function sheetOf(rows: readonly (readonly Image[])[], kinds: readonly string[]): Image {
  const widthPx = TILE_PX * (1 + EDITS.length);
  const heightPx = TITLE_PX + TILE_PX * rows.length + MARK_PX;
  const sheet: Image = { widthPx, heightPx, data: new Uint8Array(3 * widthPx * heightPx) };
  ['AS IT IS', ...EDITS.map(({ title }) => title)].forEach((title, column) => {
    [title, kinds[column - 1] ?? ''].forEach((line, i) => {
      const x = column * TILE_PX + Math.floor((TILE_PX - textWidth(line)) / 2);
      drawText(sheet, line, { x, y: 5 + i * (GLYPH_HEIGHT + 4), scale: 1 });
    });
  });
  rows.forEach((tiles, row) => {
    tiles.forEach((tile, column) => {
      paste(sheet, tile, column * TILE_PX, TITLE_PX + row * TILE_PX);
    });
  });
  return sheet;
}

function paste(sheet: Image, { widthPx, heightPx, data }: Image, left: number, top: number): void {
  for (let y = 0; y < heightPx; y++) {
    sheet.data.set(data.subarray(3 * y * widthPx, 3 * (y + 1) * widthPx), 3 * ((top + y) * sheet.widthPx + left));
  }
}

await main();
