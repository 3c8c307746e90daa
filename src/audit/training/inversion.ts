import { allowedAttacks, type ModelInversionResources } from '../../attack/inversion/model/attack.ts';
import { labelOracle } from '../../attack/inversion/model/label-oracle.ts';
import { type ClassHead, modelTarget } from '../../attack/inversion/model/target.ts';
import { CapabilityError } from '../../util/errors.ts';
import type { Likeness, Rate } from '../findings.ts';
import { accuracyRows } from './accuracy.ts';
import { jobOf, sessionOf, type TrainingContext } from './context.ts';
import { UNTRAINED } from './level.ts';
import { likenessOf, likenessOfPhotos } from './likeness.ts';
import type { TrainingPerson } from './people.ts';
import { invertClasses, type MadeFaces } from './reconstruct.ts';
import type { TrainingMeasurements } from './run.ts';

/** What inverting a model's classes gave. */
export type InversionOutcome = Pick<
  TrainingMeasurements,
  'rates' | 'likeness' | 'attacks' | 'made' | 'queries' | 'notMeasured'
>;

/** What an attacker on the audited model has. */
export function resourcesFor(
  head: ClassHead,
  { model, generator }: Pick<TrainingContext, 'model' | 'generator'>,
): ModelInversionResources {
  const target = modelTarget(model, head);
  return { generator, oracle: labelOracle(model, head), ...(target ? { target } : {}) };
}

/**
 * Inverts the audited model's classes by every attack that it allows, and lets each judge say whom the faces show and how near they come to the training photos.
 *
 * @param unaimed - faces that owe nothing to the model, for comparison.
 * @throws CapabilityError where it allows none.
 */
export async function measureInversion(
  head: ClassHead,
  unaimed: readonly MadeFaces[],
  context: TrainingContext,
): Promise<InversionOutcome> {
  const { model, kind, everybody, places, strangerPlaces, galleries, random } = context;
  const resources = resourcesFor(head, context);
  const attacks = allowedAttacks(context.attacks, resources);
  if (attacks.length === 0) {
    throw new CapabilityError('none of the attacks can be run on this model', {
      hint: 'attacks that need its weights need it as .onnx',
    });
  }
  const made: MadeFaces[] = [];
  // An encoder's classes are the places of everybody; a classifier has its own.
  const labels = [...places, ...strangerPlaces].map((k) =>
    kind === 'encoder' ? k : (everybody[k] as TrainingPerson).label,
  );
  const ofStrangers: MadeFaces[] = [];
  let queries = 0;
  for (const attack of attacks) {
    const inverted = await invertClasses(attack, labels, resources, {
      ...jobOf(context),
      ...sessionOf(context),
      ...context.effort,
      ...{ store: context.store, name: 'the audited model', seeds: context.runs },
    });
    made.push({ attack: attack.name, faces: inverted.faces.slice(0, places.length) });
    ofStrangers.push({ attack: attack.name, faces: inverted.faces.slice(places.length) });
    queries += inverted.queries;
  }
  const rates: Rate[] = [];
  const likeness: (Likeness | undefined)[] = [];
  for (const gallery of galleries) {
    const options = { attacked: places, random };
    const judged = async (one: MadeFaces, attacked: readonly number[]): Promise<Rate[]> =>
      (await accuracyRows(one, gallery, { attacked, random, target: model.id }, jobOf(context))).map(({ row }) => row);
    for (const one of made) rates.push(...(await judged(one, places)));
    for (const one of strangerPlaces.length > 0 ? ofStrangers : []) {
      const rows = await judged(one, strangerPlaces);
      rates.push(...rows.map((row) => ({ ...row, name: `${row.name}${UNTRAINED}` })));
    }
    for (const one of [...made, ...unaimed]) likeness.push(await likenessOf(one, gallery, options, jobOf(context)));
    likeness.push(likenessOfPhotos(gallery, options));
  }
  return {
    ...{ rates, attacks, made, queries },
    likeness: likeness.filter((row) => row !== undefined),
    notMeasured: context.attacks
      .filter((attack) => !attacks.includes(attack))
      // Labels can be had of any model.
      .map(({ name }) => `${name} (it needs the model’s weights as .onnx)`),
  };
}
