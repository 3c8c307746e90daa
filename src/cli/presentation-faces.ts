import { readPhotos } from '../audit/read-photos.ts';
import { loadDataset } from '../data/load.ts';
import { holdsPresentations, loadPresentations, type PresentationSpecies } from '../data/presentations.ts';
import { countPeople, type FaceSample } from '../data/sample.ts';
import { refuseTestPeople, splitByPerson } from '../data/splits.ts';
import { enlargedCrop } from '../defence/liveness/network/crops.ts';
import type { PersonCrops } from '../defence/liveness/network/example-draw.ts';
import type { Box, Face } from '../face/face.ts';
import { mainFace } from '../face/main-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { requireUnmarkedPhoto } from './clip-files.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';
import { SIMULATED_KINDS, simulatePresentation } from './simulated-presentations.ts';
import { type LeftOut, nameLeftOut } from './training-people.ts';

/** Crops of each photo that is trained on: the first as a network will cut it, the others a little beside and larger or smaller. */
const CROPS = 4;

/** Greatest shift, as a share of the box, and greatest relative change of its size. */
const JITTER = { shift: 0.05, size: 0.1 } as const;

/** How faces are cut out of photos. */
export interface PresentationFacesOptions extends JobOptions {
  readonly args: SessionArgs;
  /** Make prints and screens of the bona fide photos, in place of other attacks. */
  readonly simulate: boolean;
  readonly cropFactor: number;
  readonly sizePx: number;
  /** Photos of a person and species that are read, at most. */
  readonly photos: number;
  readonly seed: number;
}

/** Faces of one kind of presentation. */
export interface KindOfFaces {
  /** 'bona-fide', or the species. */
  readonly name: string;
  readonly people: readonly PersonCrops[];
}

/** Faces of the people to train on, and of others: kinds in the same order, the bona fide one first. */
export interface PresentationFaces {
  /** The data set's name. */
  readonly dataset: string;
  readonly train: readonly KindOfFaces[];
  /** One crop of each photo, as a network will cut it. */
  readonly calibration: readonly KindOfFaces[];
}

/**
 * Reads the faces of the training side and of the calibration side. Photos without a face are left out and named, and so are those that bear our mark, which a network would learn in place of the attack.
 *
 * @throws InputError where there is no attack, or nobody on the training side.
 */
export async function presentationFaces(folder: string, options: PresentationFacesOptions): Promise<PresentationFaces> {
  const { name, kinds } = await kindsIn(folder, options.simulate);
  await using source = pipelineSource(options.args);
  const leftOut: LeftOut[] = [];
  const reading = { ...options, leftOut, known: new Map<string, Face>(), open: source.openPipeline };
  const read = async (side: 'train' | 'calibration'): Promise<KindOfFaces[]> => {
    const found: KindOfFaces[] = [];
    for (const kind of kinds) {
      const samples = fewOfEach(splitByPerson(kind.samples)[side], options.photos);
      refuseTestPeople(samples, 'training a presentation-attack network');
      const faces = await facesOf({ ...kind, samples }, side, reading);
      const count = faces.reduce((sum, { crops }) => sum + crops.length, 0) / (side === 'train' ? CROPS : 1);
      printNote(`${side} side, ${kind.name}: ${count} faces of ${faces.length} people`);
      found.push({ name: kind.name, people: faces });
    }
    return found;
  };
  const train = await read('train');
  const empty = train.find(({ people }) => people.length === 0);
  if (empty) {
    throw new InputError(`${folder} has no face of ${empty.name} of a person on the training side`, {
      hint: '70 % of people are, by a hash of the name',
    });
  }
  const calibration = await read('calibration');
  nameLeftOut(leftOut, 'skip');
  return { dataset: name, train, calibration };
}

/** A kind of presentation whose frames are to be read, or made. */
interface Kind extends PresentationSpecies {
  /** Undefined: the photos are the frames. */
  readonly made?: (photo: Image, face: Face, of: { readonly person: string; readonly seed: string }) => Promise<Image>;
}

async function kindsIn(folder: string, simulate: boolean): Promise<{ readonly name: string; readonly kinds: Kind[] }> {
  if (simulate) {
    const { name, bonaFide } = (await holdsPresentations(folder))
      ? await loadPresentations(folder)
      : await peopleOf(folder);
    const kinds = SIMULATED_KINDS.map((kind) => ({
      name: kind,
      samples: bonaFide,
      made: (photo: Image, face: Face, of: { readonly person: string; readonly seed: string }) =>
        simulatePresentation(photo, face, kind, of),
    }));
    return { name, kinds };
  }
  const { name, bonaFide, species } = await loadPresentations(folder);
  if (species.length === 0)
    throw new InputError(`${folder} has no folder of attacks beside that of bona fide presentations`, {
      hint: 'lay them out as SPECIES/PERSON/1.jpg, or make prints and screens with --simulate',
    });
  return { name, kinds: [{ name: 'bona-fide', samples: bonaFide }, ...species] };
}

async function peopleOf(folder: string): Promise<{ readonly name: string; readonly bonaFide: readonly FaceSample[] }> {
  const { name, samples, description } = await loadDataset(folder, { readSize: readPhotoSize });
  printNote(`${description}, all taken as bona fide`);
  return { name, bonaFide: samples };
}

/** Of each person at most so many photos, from first to last: frames of a clip that follow each other are alike. */
function fewOfEach(samples: readonly FaceSample[], most: number): FaceSample[] {
  return [...Map.groupBy(samples, ({ person }) => person).values()].flatMap((own) =>
    own.length <= most
      ? own
      : Array.from({ length: most }, (_, i) => own[Math.floor((i * own.length) / most)] as FaceSample),
  );
}

/** What is shared by all that is read. */
interface Reading extends PresentationFacesOptions {
  readonly leftOut: LeftOut[];
  /** The face of a photo that was looked at before. */
  readonly known: Map<string, Face>;
  readonly open: () => Promise<FacePipeline>;
}

async function facesOf(
  { name, samples, made }: Kind,
  side: 'train' | 'calibration',
  { cropFactor, sizePx, seed, leftOut, known, open, signal, onProgress }: Reading,
): Promise<PersonCrops[]> {
  const { faces } = await readPhotos(
    samples,
    async ({ id, path, person }, photo, openPipeline) => {
      const pipeline = await openPipeline();
      const own = known.get(path) ?? (await faceOf(await unmarked(photo, path), pipeline, path));
      known.set(path, own);
      const frame = made ? await made(photo, own, { person, seed: `${seed} ${name} ${id}` }) : photo;
      const { box } = made ? await faceOf(frame, pipeline, `${path}, its ${name}`) : own;
      const random = new Random(seed).fork(`${name} ${id}`);
      const beside = Array.from({ length: side === 'train' ? CROPS - 1 : 0 }, () => moved(box, random));
      return [{ person, crops: [box, ...beside].map((cut) => cropOf(frame, cut, cropFactor, sizePx)) }];
    },
    {
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      openPipeline: open,
      onRejected: ({ id, path }, reason) =>
        leftOut.push({ name: id, reason: reason.replace(path, '').replace(/^[:,] /, '') }),
    },
  );
  return [...Map.groupBy(faces, ({ person }) => person)].map(([person, own]) => ({
    person,
    crops: own.flatMap(({ crops }) => crops),
  }));
}

/** @throws InputError where there is none. */
async function faceOf(picture: Image, pipeline: FacePipeline, name: string): Promise<Face> {
  const face = mainFace(await pipeline.detect(picture), picture);
  if (face) return face;
  throw new InputError(`${name}: no face was found`);
}

/** The photo. @throws InputError where it was made by us, by its file or by its pixels. */
async function unmarked(photo: Image, path: string): Promise<Image> {
  await requireUnmarkedPhoto(photo, path, 'learn from photos of real people');
  return photo;
}

function cropOf(frame: Image, box: Box, cropFactor: number, sizePx: number): Image {
  const { widthPx, heightPx, data } = enlargedCrop(frame, box, cropFactor, sizePx);
  return { widthPx, heightPx, data: Uint8Array.from(data) };
}

function moved({ x, y, width, height }: Box, random: Random): Box {
  const draw = (greatest: number): number => greatest * (2 * random.uniform() - 1);
  const scale = 1 + draw(JITTER.size);
  return {
    x: x + (width * (1 - scale)) / 2 + draw(JITTER.shift) * width,
    y: y + (height * (1 - scale)) / 2 + draw(JITTER.shift) * height,
    width: width * scale,
    height: height * scale,
  };
}

/** "48 crops of 3 people". */
export const describeKind = ({ people }: KindOfFaces): string =>
  `${people.reduce((sum, { crops }) => sum + crops.length, 0)} crops of ${countPeople(people)} people`;
