/**
 * Measures how near faces from noise come to real ones: `npm run proof:gan-faces -- PEOPLE [FACES] [GENERATOR]`.
 *
 * The people of PEOPLE's test side, whom the generator has not seen, are dealt into two halves. Prints for the features of each bundled encoder the Fréchet distance of as many generated faces to the
 * first half, and beside it that of the second half, which is what real faces come to; with precision and recall (Kynkäänniemi et al. 2019). The features are not those of Inception-v3: figures
 * compare with each other, and with nobody else's. FACES: in each half, default all there are. GENERATOR: a file; default the one that comes with Faceward.
 */
import { facePictures } from '../src/attack/inversion/face-pictures.ts';
import { generatorModel } from '../src/attack/inversion/generator.ts';
import { openGenerator } from '../src/attack/inversion/generator-adapter.ts';
import type { Generator } from '../src/attack/inversion/latent-optimisation.ts';
import { readModel, shippedGenerator } from '../src/audit/inversion/shipped.ts';
import { createJudge } from '../src/audit/judge.ts';
import { loadFaces } from '../src/audit/load-faces.ts';
import { directionOf } from '../src/audit/training/gallery.ts';
import { cacheDirectory } from '../src/cli/cache-directory.ts';
import { pipelineSource, readPhotoSize } from '../src/cli/face-source.ts';
import { table } from '../src/cli/print.ts';
import { loadDataset } from '../src/data/load.ts';
import { splitByPerson } from '../src/data/splits.ts';
import { BUNDLED_ENCODERS, openBundledEncoder } from '../src/encoder/bundled.ts';
import type { Image } from '../src/image/image.ts';
import { frechetDistance } from '../src/metric/frechet-distance.ts';
import { prdc } from '../src/metric/prdc.ts';
import { InputError } from '../src/util/errors.ts';
import { Random } from '../src/util/random.ts';

const [folder, most = 'all', file] = process.argv.slice(2);
if (folder === undefined) throw new InputError('no folder of people', { hint: 'PEOPLE [FACES] [GENERATOR]' });
const wanted = most === 'all' ? Number.POSITIVE_INFINITY : Number(most);
const generator = file === undefined ? await shippedGenerator() : generatorModel(await readModel(file));
if (!generator) throw new InputError('there is no generator', { hint: 'train one with `faceward train generator`' });
const NEIGHBOURS = 3;

const halves = await realFaces(folder);
const count = Math.min(...halves.map(({ length }) => length), wanted);
const [known, others] = halves.map((half) => half.slice(0, count)) as [Image[], Image[]];
const made = await generatedFaces(generator, count);

const rows: string[][] = [];
for (const name of BUNDLED_ENCODERS) {
  const encoder = await openBundledEncoder(name, { cacheDir: cacheDirectory() });
  const { embedImages } = createJudge(encoder);
  const [first, second, invented] = (await Promise.all([known, others, made].map((faces) => embedImages(faces)))).map(
    (embeddings) => embeddings.map(directionOf),
  ) as [Float32Array[], Float32Array[], Float32Array[]];
  for (const [what, faces] of [
    ['from noise', invented],
    ['real, of others', second],
  ] as const) {
    const { precision, recall } = prdc(first, faces, { neighbours: NEIGHBOURS });
    const figures = [frechetDistance(first, faces), precision, recall].map((value) => value.toFixed(3));
    rows.push([encoder.id, what, ...figures]);
  }
  await encoder.close();
}
console.log(`${count} faces from noise, and two halves of ${count} real faces of people of the test side\n`);
console.log(table([['features', 'faces', 'Fréchet distance', 'precision', 'recall'], ...rows]));

/** The faces of the test side in two halves: nobody is in both. */
async function realFaces(root: string): Promise<[Image[], Image[]]> {
  const { samples } = await loadDataset(root, { readSize: readPhotoSize });
  const people = [...Map.groupBy(splitByPerson(samples).test, ({ person }) => person).values()];
  await using source = pipelineSource({ device: 'cpu' });
  const half = async (rest: number): Promise<Image[]> => {
    const own = people.filter((_, i) => i % 2 === rest).flat();
    // Some show no face.
    const { faces } = await loadFaces(own.slice(0, Math.ceil(1.2 * wanted)), { openPipeline: source.openPipeline });
    return faces.map(({ image }) => image);
  };
  return [await half(0), await half(1)];
}

async function generatedFaces(model: Generator, faces: number): Promise<Image[]> {
  const random = new Random('faces from noise');
  const { generate, close } = await openGenerator(model);
  const latents = Array.from({ length: faces }, () => random.normals(model.latentSize));
  const pictures = facePictures(await generate(latents));
  await close();
  return pictures;
}
