import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readModel } from '../src/audit/inversion/shipped.ts';
import { applyChanges, type PortraitChange } from '../src/defence/photo/attribute/composite.ts';
import { type AttributeEditor, openEditor } from '../src/defence/photo/attribute/editor.ts';
import { FACE_OPERATIONS } from '../src/defence/photo/attribute/operations/operations.ts';
import { alignedFace } from '../src/encoder/aligned-face.ts';
import type { AttributeReader } from '../src/face/attribute-reader.ts';
import type { Face } from '../src/face/face.ts';
import { openAttributeReader } from '../src/face/open-attribute-reader.ts';
import { createFacePipeline, type FacePipeline } from '../src/face/pipeline.ts';
import { portraitView } from '../src/face/portrait.ts';
import { decodeImage } from '../src/image/decode.ts';
import { encodeJpeg } from '../src/image/encode.ts';
import type { Image } from '../src/image/image.ts';
import { resizeImage } from '../src/image/resize.ts';
import { toPlanar } from '../src/image/tensor.ts';
import { openFaceSessions } from '../src/runtime/bundled-sessions.ts';
import { Random } from '../src/util/random.ts';
import { now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';

/** Twelve megapixels. */
const PHOTO = { widthPx: 4000, heightPx: 3000 } as const;

/** Faces in the photo. */
const FACES = 4;

const RUNS = 3;

/** Aim for a photo from its file to the edited file, on two cores; ms. */
const MARK_MS = 2000;

const require = createRequire(import.meta.url);
const shipped = (name: string): string => fileURLToPath(new URL(`../models/${name}`, import.meta.url));

/** What edits: the networks that come with Faceward, as far as they do. */
interface Parts {
  readonly pipeline: FacePipeline;
  readonly reader: AttributeReader | undefined;
  readonly editor: AttributeEditor | undefined;
}

/** Milliseconds of one run, by step. */
type Steps = Map<string, number>;

/**
 * Edits four faces of a photo of 12 megapixels, from file to file, step by step and in all beside the mark of two seconds; and each drawn operation on all four faces. Reader and editor are
 * left out where they do not come with this copy.
 */
export async function run(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'faceward-bench-'));
  const sessions = await openFaceSessions({ cacheDir: folder, threads: THREADS });
  const parts: Parts = {
    pipeline: createFacePipeline(sessions),
    reader: await openIfShipped('attribute-reader.onnx', async (path) =>
      openAttributeReader(await readModel(path), { threads: THREADS }),
    ),
    editor: await openIfShipped('editor.onnx', async (path) => openEditor(await readModel(path), { threads: THREADS })),
  };
  try {
    const path = join(folder, 'photo.jpg');
    await writeFile(path, await encodeJpeg(await groupPhoto()));
    const edits: Steps[] = [];
    for (let i = 0; i <= RUNS; i++) edits.push(await timedEdit(path, parts));
    const { image } = await decodeImage(path);
    const faces = await parts.pipeline.detect(image);
    const drawn: Steps[] = [];
    for (let i = 0; i <= RUNS; i++) drawn.push(timedOperations(image, faces));
    // The first run warms up.
    return [...rowsOf(edits.slice(1)), ...rowsOf(drawn.slice(1))];
  } finally {
    await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
    await Promise.all([parts.reader?.close(), parts.editor?.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

const openIfShipped = async <T>(name: string, open: (path: string) => Promise<T>): Promise<T | undefined> =>
  existsSync(shipped(name)) ? open(shipped(name)) : undefined;

async function groupPhoto(): Promise<Image> {
  const folder = dirname(dirname(require.resolve('@vladmandic/face-api')));
  const { image } = await decodeImage(join(folder, 'demo/sample6.jpg'));
  return resizeImage(image, PHOTO.widthPx, PHOTO.heightPx);
}

async function timedEdit(path: string, { pipeline, reader, editor }: Parts): Promise<Steps> {
  const steps: Steps = new Map();
  const start = now();
  const timed = async <T>(name: string, step: () => T | Promise<T>): Promise<T> => {
    const from = now();
    const result = await step();
    steps.set(name, 1000 * (now() - from));
    return result;
  };
  const { image } = await timed('decode', () => decodeImage(path));
  const faces = await timed('detect', () => pipeline.detect(image));
  if (faces.length !== FACES) throw new TypeError(`found ${faces.length} faces of ${FACES}`);
  const cutOut = (view: AttributeReader['view']): Image[] =>
    faces.map(({ landmarks }) => alignedFace(image, landmarks, view));
  const logOdds = reader && (await timed('read', () => reader.read(cutOut(reader.view))));
  const changes = editor
    ? await timed('change', () => changesBy(editor, cutOut(editor.view), { reader, logOdds }))
    : faces.map(madeUpChange);
  const edited = await timed('composite', () =>
    applyChanges(
      image,
      faces.flatMap((face, i) => {
        const change = changes[i];
        return change ? [{ face, change }] : [];
      }),
    ),
  );
  await timed('encode', () => encodeJpeg(edited));
  steps.set('from file to file', 1000 * (now() - start));
  return steps;
}

/** The editor's change to the opposite of each face's first attribute. */
async function changesBy(
  { attributes, view, change }: AttributeEditor,
  portraits: readonly Image[],
  read: { readonly reader: AttributeReader | undefined; readonly logOdds: readonly Float32Array[] | undefined },
): Promise<PortraitChange[]> {
  const own = portraits.map((_, i) =>
    Float32Array.from(attributes, (name) =>
      Math.tanh((read.logOdds?.[i]?.[read.reader?.attributes.indexOf(name) ?? 0] ?? 0) / 2),
    ),
  );
  const target = own.map((values) => values.map((value, i) => (i === 0 ? -Math.sign(value) : value)));
  const planes = portraits.map((portrait) => toPlanar([portrait]));
  return (await change(planes, own, target)).map((data) => ({ view, data }));
}

/** Waves all over the portrait: as much for the composite to do as any change. */
function madeUpChange(): PortraitChange {
  const view = portraitView();
  return {
    view,
    data: Float32Array.from({ length: 3 * view.widthPx * view.heightPx }, (_, i) => 0.2 * Math.sin(i / 7)),
  };
}

function timedOperations(photo: Image, faces: readonly Face[]): Steps {
  return new Map(
    FACE_OPERATIONS.map(({ name, apply }) => {
      const start = now();
      const drawn = { ...photo, data: photo.data.slice() };
      for (const face of faces) apply(drawn, face, { amount: 1, random: new Random(1) });
      return [`drawn: ${name}`, 1000 * (now() - start)];
    }),
  );
}

function rowsOf(runs: readonly Steps[]): Row[] {
  return [...(runs[0]?.keys() ?? [])].map((step) => {
    const ours = median(runs.map((one) => one.get(step) ?? Number.NaN));
    const mark = step === 'from file to file' ? MARK_MS : null;
    const name = `${step}: 12 megapixels, ${FACES} faces${mark === null ? '' : ' (peer: the mark)'}`;
    return { name, unit: 'ms', ours, peer: mark, ratio: mark === null ? null : mark / ours, runs: runs.length };
  });
}
