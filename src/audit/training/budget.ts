import { allowedAttacks } from '../../attack/inversion/model/attack.ts';
import type { ClassHead } from '../../attack/inversion/model/target.ts';
import { throwIfAborted } from '../../util/progress.ts';
import { jobOf, sessionOf, type TrainingContext } from './context.ts';
import { resourcesFor } from './inversion.ts';
import type { TrainingPerson } from './people.ts';

/** Classes of the trial. */
const TRIAL = 4;

/** Fewest people who are worth attacking: the time may run over for them. */
const FEWEST_PEOPLE = 10;

/** Planted models, whose people go through the same attacks once. */
const PLANTED_MODELS = 2;

/** Under this name the store keeps how many people the budget allowed: a resumed audit attacks as many, however much time it has. */
const KEPT = 'people within budget';

/** What of an audit the budget depends on. */
export type BudgetContext = Omit<TrainingContext, 'galleries' | 'places' | 'strangerPlaces'>;

/**
 * How many people can be attacked in the time that is left: some classes are inverted by every attack, and timed. An attack's search for starts, which all classes share, counts with these few: rather too
 * few people are attacked than too many.
 */
export async function affordablePeople(head: ClassHead, context: BudgetContext): Promise<number> {
  const { attacked, endsAt, everybody, kind, people, random, runs, store } = context;
  if (endsAt === undefined) return attacked;
  const known = await store.read(KEPT);
  if (known) return Number(new TextDecoder().decode(known));
  const places = [...people.keys()].slice(0, TRIAL);
  const labels = places.map((k) => (kind === 'encoder' ? k : (everybody[k] as TrainingPerson).label));
  const resources = resourcesFor(head, context);
  const attacks = allowedAttacks(context.attacks, resources);
  const before = Date.now();
  for (const [i, attack] of attacks.entries()) {
    throwIfAborted(context);
    const options = { ...sessionOf(context), ...context.effort, random: random.fork(`timing ${attack.name}`) };
    await attack.invert(labels, resources, options);
    jobOf(context).onProgress?.({ stage: 'timing the attacks', done: i + 1, total: attacks.length });
  }
  const eachClass = (Date.now() - before) / labels.length;
  // Of an encoder strangers are attacked too.
  const eachPerson = eachClass * (runs.length * (kind === 'encoder' ? 2 : 1) + PLANTED_MODELS);
  const affordable = eachPerson > 0 ? Math.floor((endsAt - Date.now()) / eachPerson) : attacked;
  const count = Math.min(attacked, Math.max(FEWEST_PEOPLE, affordable));
  await store.write(KEPT, new TextEncoder().encode(String(count)));
  return count;
}
