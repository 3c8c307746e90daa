import { frechetDistance } from '../../metric/frechet-distance.ts';
import { clusterBootstrap, type Estimate } from '../../metric/intervals.ts';
import { nearestNeighbours } from '../../metric/nearest-neighbour.ts';
import { prdc } from '../../metric/prdc.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Likeness } from '../findings.ts';
import { directionOf, type Gallery } from './gallery.ts';
import type { MadeFaces } from './reconstruct.ts';

/** Fewest faces of which the two distributions are compared: the figures are biased for few. */
const FEWEST_FACES = 20;

/** Neighbours of precision, recall, density and coverage. */
const NEIGHBOURS = 3;

/** What is compared: faces for each attacked person, as directions. */
interface ComparedFaces {
  readonly name: string;
  readonly faces: readonly (readonly Float32Array[])[];
}

/** How near made faces come to the training photos of their people, in the features of a judge. */
export async function likenessOf(
  made: MadeFaces,
  gallery: Gallery,
  options: { readonly attacked: readonly number[]; readonly random: Random },
  job?: JobOptions,
): Promise<Likeness | undefined> {
  const faces: Float32Array[][] = [];
  for (const own of made.faces) {
    const pictures = own.filter((face) => face !== undefined);
    faces.push((await gallery.judge.embedImages(pictures, job)).map(directionOf));
  }
  return compare({ name: made.attack, faces }, gallery, options);
}

/** The same of the training photos themselves, each as if it were made and the others were there: how near real photos of one person are to each other. */
export function likenessOfPhotos(
  gallery: Gallery,
  options: { readonly attacked: readonly number[]; readonly random: Random },
): Likeness | undefined {
  const distances = options.attacked.map((k) => {
    const own = gallery.photos[k] ?? [];
    return own.flatMap((photo, i) => nearestDistances([photo], own.toSpliced(i, 1)));
  });
  const nearest = estimateOf(distances, options.random.fork(`photos ${gallery.judge.encoder.id}`));
  return (
    nearest && {
      ...{ attack: 'real training photos', features: gallery.judge.encoder.id, faces: distances.flat().length },
      ...{ nearestTraining: nearest, frechetDistance: null, prdc: null },
    }
  );
}

function compare(
  { name, faces }: ComparedFaces,
  { judge, photos }: Gallery,
  { attacked, random }: { readonly attacked: readonly number[]; readonly random: Random },
): Likeness | undefined {
  const distances = faces.map((own, i) => nearestDistances(own, photos[attacked[i] as number] ?? []));
  const nearest = estimateOf(distances, random.fork(`nearest ${name} ${judge.encoder.id}`));
  if (!nearest) return undefined;
  const [made, real] = [faces.flat(), attacked.flatMap((k) => photos[k] ?? [])];
  const isEnough = Math.min(made.length, real.length) >= FEWEST_FACES;
  return {
    attack: name,
    features: judge.encoder.id,
    faces: made.length,
    nearestTraining: nearest,
    frechetDistance: isEnough ? frechetDistance(real, made) : null,
    prdc: isEnough ? prdc(real, made, { neighbours: NEIGHBOURS }) : null,
  };
}

const nearestDistances = (faces: readonly Float32Array[], photos: readonly Float32Array[]): number[] =>
  photos.length === 0 ? [] : nearestNeighbours(faces, photos).map(({ distance }) => distance);

/** The mean over all, with an interval over people. */
function estimateOf(distances: readonly (readonly number[])[], random: Random): Estimate | undefined {
  return distances.flat().length === 0 ? undefined : clusterBootstrap(distances, { random, samples: 500 });
}
