import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { openGenerator } from '../../attack/inversion/generator-adapter.ts';
import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import { labelOracle } from '../../attack/inversion/model/label-oracle.ts';
import { modelTarget } from '../../attack/inversion/model/target.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { Control } from '../findings.ts';
import { type AccuracyRow, type AttackedPeople, accuracyRows } from './accuracy.ts';
import { jobOf, sessionOf, type TrainingContext } from './context.ts';
import { type Gallery, openGallery } from './gallery.ts';
import { type PlantedModel, plantedModels } from './planted.ts';
import { invertClasses, type MadeFaces } from './reconstruct.ts';

/** Faces that owe nothing to the audited model, as many as an attack makes: of the generator without optimisation, and real ones of strangers where there are any. */
export async function chanceFaces({
  generator,
  strangers,
  places,
  runs,
  random,
  ...session
}: TrainingContext): Promise<MadeFaces[]> {
  const opened = await openGenerator(generator, sessionOf(session));
  const [draw, pick] = [random.fork('generator'), random.fork('strangers')];
  const each = <T>(make: () => T): T[][] => places.map(() => runs.map(make));
  try {
    const drawn = await opened.generate(each(() => draw.normals(generator.latentSize)).flat());
    const pictures = facePictures(drawn);
    let next = 0;
    const unaimed = { attack: 'the generator without optimisation', faces: each(() => pictures[next++]) };
    if (strangers.length === 0) return [unaimed];
    return [unaimed, { attack: 'public faces', faces: each(() => strangers[pick.integer(strangers.length)]?.image) }];
  } finally {
    await opened.close();
  }
}

/** Planted people attacked at most: whether a model that gives everything away is found is plain from few. */
const PLANTED_ATTACKED = 12;

/** The measurement's own controls: faces that owe nothing to any model, a planted model that must be found leaking and one that must not, by every attack that was used. */
export async function inversionControls(
  attacks: readonly ModelInversionAttack[],
  unaimed: readonly MadeFaces[],
  context: TrainingContext,
): Promise<Control[]> {
  const { galleries, places, model, random } = context;
  const controls: Control[] = [];
  for (const one of unaimed) {
    const rows = await judged(one, galleries, { attacked: places, target: model.id, random }, context);
    controls.push(
      ...rows.map(({ row, isAboveChance }) => ({ ...row, expected: 'chance' as const, held: !isAboveChance })),
    );
  }
  const planted = await plantedModels(context.generator, {
    ...sessionOf(context),
    random: random.fork('planted models'),
  });
  try {
    const known: Gallery[] = [];
    for (const { judge } of galleries) known.push(await openGallery(judge, planted.people, jobOf(context)));
    const attacked = [...planted.people.keys()].slice(0, Math.min(PLANTED_ATTACKED, context.attacked));
    for (const { name, head, expected } of planted.models) {
      const rows: AccuracyRow[] = [];
      for (const attack of attacks) {
        const made = await invertPlanted(attack, attacked, { name, head, encoder: planted.encoder }, context);
        rows.push(...(await judged(made, known, { attacked, target: name, random }, context)));
      }
      const isFound = rows.some(({ isAboveChance }) => isAboveChance);
      controls.push(
        ...rows.map(({ row, isAboveChance }) => ({
          ...row,
          expected,
          held: expected === 'leaks' ? isFound : !isAboveChance,
        })),
      );
    }
  } finally {
    await planted.encoder.close();
  }
  return controls;
}

async function judged(
  made: MadeFaces,
  galleries: readonly Gallery[],
  options: AttackedPeople,
  job: TrainingContext,
): Promise<AccuracyRow[]> {
  const rows: AccuracyRow[] = [];
  for (const gallery of galleries) rows.push(...(await accuracyRows(made, gallery, options, jobOf(job))));
  return rows;
}

/** Inverts a planted model, by one run. */
function invertPlanted(
  attack: ModelInversionAttack,
  labels: readonly number[],
  { encoder, head, name }: Pick<PlantedModel, 'head' | 'name'> & { readonly encoder: Encoder },
  { generator, effort, runs, store, ...context }: TrainingContext,
): Promise<MadeFaces> {
  const target = modelTarget(encoder, head);
  const resources = { generator, oracle: labelOracle(encoder, head), ...(target ? { target } : {}) };
  return invertClasses(attack, labels, resources, {
    ...jobOf(context),
    ...sessionOf(context),
    ...effort,
    ...{ store, name, seeds: runs.slice(0, 1) },
  });
}
