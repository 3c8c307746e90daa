import type { InversionResources } from '../../attack/inversion/attack.ts';
import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { openGenerator } from '../../attack/inversion/generator-adapter.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import type { Random } from '../../util/random.ts';
import type { AuditFace, Subject } from '../subjects.ts';

/** A face that owes nothing to the template, for each subject. */
export interface ChanceControl {
  readonly name: string;
  readonly images: readonly Image[];
}

/**
 * The chance controls: a random real face of somebody else, the mean face, what the attack makes of noise of equal norm, and the generator without optimisation.
 *
 * @param strangers - faces of people who are not attacked; where there are none, other subjects' faces serve.
 */
export async function chanceControls(
  subjects: readonly Subject[],
  templates: readonly Float32Array[],
  strangers: readonly AuditFace[],
  resources: InversionResources,
  random: Random,
): Promise<ChanceControl[]> {
  const controls: ChanceControl[] = [
    { name: 'a random real face', images: randomFaces(subjects, strangers, random.fork('random face')) },
    { name: 'the mean face', images: meanFaces(subjects, strangers) },
  ];
  if (resources.inverter) {
    const noise = random.fork('noise');
    const embeddings = templates.map((template) => noiseLike(template, noise));
    controls.push({
      name: 'noise of equal norm, inverted',
      images: facePictures(await resources.inverter.invert(embeddings)),
    });
  }
  if (resources.generator) {
    const { latentSize } = resources.generator;
    const latents = random.fork('latents');
    const generator = await openGenerator(resources.generator);
    try {
      const faces = await generator.generate(subjects.map(() => latents.normals(latentSize)));
      controls.push({ name: 'the generator without optimisation', images: facePictures(faces) });
    } finally {
      await generator.close();
    }
  }
  return controls;
}

function randomFaces(subjects: readonly Subject[], strangers: readonly AuditFace[], random: Random): Image[] {
  return subjects.map(({ person }) => {
    const pool =
      strangers.length > 0
        ? strangers
        : subjects.map(({ template }) => template).filter((face) => face.person !== person);
    const chosen = pool[random.integer(pool.length)];
    return chosen?.image ?? (subjects[0] as Subject).template.image;
  });
}

/** One mean face for all; without strangers, for each subject the mean of the others, so that nobody is part of their own control. */
function meanFaces(subjects: readonly Subject[], strangers: readonly AuditFace[]): Image[] {
  if (strangers.length > 0) {
    const mean = meanOf(strangers.slice(0, 500));
    return subjects.map(() => mean);
  }
  return subjects.map(({ person }) =>
    meanOf(
      subjects.filter((other) => other.person !== person || subjects.length === 1).map(({ template }) => template),
    ),
  );
}

function meanOf(faces: readonly AuditFace[]): Image {
  const total = new Float64Array(3 * FACE_SIZE_PX ** 2);
  for (const { image } of faces) {
    const { data } = resizeImage(image, FACE_SIZE_PX, FACE_SIZE_PX);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (data[i] as number);
  }
  return {
    widthPx: FACE_SIZE_PX,
    heightPx: FACE_SIZE_PX,
    data: Uint8Array.from(total, (sum) => Math.round(sum / faces.length)),
  };
}

/** Normal numbers of the template's norm. */
function noiseLike(template: Float32Array, random: Random): Float32Array {
  const noise = random.normals(template.length);
  const scale = Math.hypot(...template) / Math.hypot(...noise);
  return noise.map((value) => value * scale);
}
