import { type ClassHead, labelOf } from '../../attack/inversion/model/target.ts';
import { clusterRate } from '../../metric/intervals.ts';
import { compareAll } from '../../metric/score-set.ts';
import { pairsNeeded } from '../../metric/threshold.ts';
import { equalErrorRate, tarAtFmr } from '../../metric/verification.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import { MEASURE, type Rate, type Recognition } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { directionOf } from './gallery.ts';
import type { TrainingPerson } from './people.ts';

/** Impostor pairs that must pass at least, so that a threshold does not hang on one. */
const PAIRS_ACCEPTED = 10;

/** How well an encoder tells people apart whom it was not trained on; undefined where nobody has two photos, or there is one person alone. */
export async function strangersRecognised(
  model: Judge,
  strangers: readonly AuditFace[],
  { random, ...job }: JobOptions & { readonly random: Random },
): Promise<Recognition | undefined> {
  const embeddings = (await model.embed(strangers, job)).map(directionOf);
  const people = strangers.map(({ person }) => person);
  const { genuine, impostors } = compareAll(embeddings, people);
  if (genuine.length === 0 || impostors.length === 0) return undefined;
  const ownerOf = genuineOwners(people);
  const tar = (far: number): Recognition['tarAtFar1'] => {
    if (impostors.length < PAIRS_ACCEPTED * pairsNeeded(far)) return null;
    const { similarity: threshold } = tarAtFmr(genuine, impostors, far);
    const accepted = Array.from(genuine, (similarity, i) => ({ person: ownerOf[i], yes: similarity >= threshold }));
    const groups = [...Map.groupBy(accepted, ({ person }) => person).values()].map((own) => own.map(({ yes }) => yes));
    return { ...clusterRate(groups, { random: random.fork(`TAR at ${far}`), samples: 500 }) };
  };
  return {
    target: model.encoder.id,
    comparison: 'public photo with public photo',
    transformation: null,
    subgroup: null,
    genuinePairs: genuine.length,
    impostorPairs: impostors.length,
    eer: equalErrorRate(genuine, impostors).rate,
    fmr: 0.001,
    matched: null,
    tarAtFar1: tar(0.01),
    tarAtFar01: tar(0.001),
    rankOne: null,
  };
}

/** Whose genuine pairs they are, in the order in which all pairs are compared: the first photo with all later ones, then the second. */
function genuineOwners(people: readonly string[]): string[] {
  return people.flatMap((person, i) => people.slice(i + 1).filter((other) => other === person));
}

/** How often a classifier names the right person, of photos that it was trained on and of those that it was not. */
export async function classifiedRightly(
  model: Judge,
  people: readonly TrainingPerson[],
  head: ClassHead,
  { random, ...job }: JobOptions & { readonly random: Random },
): Promise<Rate[]> {
  const rows: Rate[] = [];
  const sets = [
    { photos: 'training photos', facesOf: ({ faces }: TrainingPerson) => faces },
    { photos: 'held-out photos', facesOf: ({ heldOut }: TrainingPerson) => heldOut },
  ];
  for (const { photos, facesOf } of sets) {
    const outcomes: boolean[][] = [];
    for (const person of people) {
      const answers = await model.embed(facesOf(person), job);
      outcomes.push(answers.map((answer) => labelOf(head, answer) === person.label));
    }
    if (outcomes.flat().length === 0) continue;
    rows.push({
      name: MEASURE.classified,
      attack: photos,
      target: model.encoder.id,
      judge: model.encoder.id,
      fmr: null,
      ...clusterRate(outcomes, { random: random.fork(photos), samples: 500 }),
    });
  }
  return rows;
}
