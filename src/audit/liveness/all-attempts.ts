import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { AuditStore } from '../work-folder.ts';
import { type Attempt, attemptSchema, BONA_FIDE } from './attempt.ts';
import type { LivenessAuditOptions } from './context.ts';
import type { LivenessPerson } from './liveness-person.ts';
import type { AttemptTask } from './make-attempt.ts';

/** Which attempts are made. */
export interface AttemptPlan extends JobOptions {
  /** Names the attempts of a side in the store, and in progress. */
  readonly name: string;
  readonly people: readonly LivenessPerson[];
  /** What is presented; undefined stands for people themselves. */
  readonly kinds: readonly (AttackSpecies | undefined)[];
  /** By the name of a species: the one person of whom it is made. */
  readonly attacked?: Readonly<Record<string, string>> | undefined;
  /** Of each kind, spread over the people; none of a kind that is made of somebody else. */
  readonly attempts: number;
  readonly store: AuditStore;
  /** After this no more are begun, but for one of each kind; milliseconds since 1970. */
  readonly endsAt?: number | undefined;
  /** Only this part of them; default: all. */
  readonly share?: Share | undefined;
}

/** One of several parts of the work, so that several processes can do it. */
export interface Share {
  /** Counted from 1. */
  readonly index: number;
  readonly of: number;
}

/**
 * Makes all attempts of a plan, the kinds by turns, so that what was done when time ran out is of all of them; what the store has is not made again.
 *
 * @throws InputError where there are no people; InterruptedError.
 */
export async function makeAttempts(
  { name, people, kinds, attacked, attempts, store, endsAt = Number.POSITIVE_INFINITY, share, ...job }: AttemptPlan,
  make: (task: AttemptTask) => Promise<Attempt>,
): Promise<Attempt[]> {
  if (people.length === 0) throw new InputError(`there is nobody for the ${name}`, { hint: 'give more people' });
  const made: Attempt[] = [];
  const tasks = tasksOf({ people, kinds, attacked, attempts });
  const own = share ? tasks.filter((_, i) => i % share.of === share.index - 1) : tasks;
  for (const { turn, ...task } of own) {
    throwIfAborted(job);
    const key = `${name} ${task.species?.name ?? BONA_FIDE} ${task.person.person} ${task.number}`;
    const before = await readAttempt(store, key);
    if (!before && turn > 0 && Date.now() > endsAt) continue;
    made.push(before ?? (await writeAttempt(store, key, await make(task))));
    job.onProgress?.({ stage: name, done: made.length, total: own.length });
  }
  return made;
}

function tasksOf({
  people,
  kinds,
  attacked = {},
  attempts,
}: Pick<AttemptPlan, 'people' | 'kinds' | 'attacked' | 'attempts'>) {
  const plans = kinds.flatMap((species) => {
    const only = species && attacked[species.name];
    const whom = only === undefined ? people : people.filter(({ person }) => person === only);
    return whom.length > 0 ? [{ species, whom }] : [];
  });
  return Array.from({ length: attempts }, (_, turn) =>
    plans.map(({ species, whom }) => ({
      ...{ turn, species, number: Math.floor(turn / whom.length) },
      person: whom[turn % whom.length] as LivenessPerson,
    })),
  ).flat();
}

/** People's own presentations on the calibration side for one of each attack: thresholds hang on them alone. */
const OWN_FOR_AN_ATTACK = 4;

/** How many attempts {@link makeBothSides} makes. */
export const attemptsOfBothSides = (
  attempts: LivenessAuditOptions['attempts'],
  species: number,
  fitsAttacks: boolean,
) => (OWN_FOR_AN_ATTACK + (fitsAttacks ? species : 0)) * attempts.calibration + (1 + species) * attempts.test;

/** Which attempts of both sides are made. */
export interface BothSidesOptions extends LivenessAuditOptions, Pick<AttemptPlan, 'share'> {
  /** Whether something is fitted to attacks on the calibration people; else thresholds need their own presentations alone. */
  readonly fitsAttacks: boolean;
}

/**
 * The attempts of both sides: those that fix thresholds, and those that are judged.
 *
 * @throws as {@link makeAttempts}.
 */
export async function makeBothSides(
  { people, species, attempts, fitsAttacks, ...rest }: BothSidesOptions,
  make: (task: AttemptTask) => Promise<Attempt>,
): Promise<{ readonly calibration: Attempt[]; readonly test: Attempt[] }> {
  const { endsAt = Number.POSITIVE_INFINITY } = rest;
  const own = OWN_FOR_AN_ATTACK * attempts.calibration;
  const fitted = fitsAttacks ? species.length * attempts.calibration : 0;
  // Each part has its share of the time.
  const now = Date.now();
  const perTask = (endsAt - now) / (own + fitted + (1 + species.length) * attempts.test);
  const fixing = { ...rest, people: people.calibration };
  const calibration = [
    ...(await makeAttempts(
      {
        ...fixing,
        name: 'presentations for calibration',
        kinds: [undefined],
        attempts: own,
        endsAt: now + own * perTask,
      },
      make,
    )),
    ...(await makeAttempts(
      {
        ...{ ...fixing, name: 'attacks for calibration', kinds: fitsAttacks ? species : [] },
        ...{ attempts: attempts.calibration, endsAt: now + (own + fitted) * perTask },
      },
      make,
    )),
  ];
  const test = await makeAttempts(
    { ...rest, name: 'attempts', people: people.test, kinds: [undefined, ...species], attempts: attempts.test },
    make,
  );
  return { calibration, test };
}

async function readAttempt(store: AuditStore, key: string): Promise<Attempt | undefined> {
  const bytes = await store.read(key);
  return bytes && attemptSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

async function writeAttempt(store: AuditStore, key: string, attempt: Attempt): Promise<Attempt> {
  await store.write(key, new TextEncoder().encode(JSON.stringify(attempt)));
  return attempt;
}
