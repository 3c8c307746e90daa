import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { AuditStore } from '../work-folder.ts';
import { type Attempt, attemptSchema, BONA_FIDE } from './attempt.ts';
import type { LivenessPerson } from './liveness-person.ts';
import type { AttemptTask } from './make-attempt.ts';

/** Which attempts are made. */
export interface AttemptPlan extends JobOptions {
  /** Names the attempts of a side in the store, and in progress. */
  readonly name: string;
  readonly people: readonly LivenessPerson[];
  /** What is presented; undefined stands for people themselves. */
  readonly kinds: readonly (AttackSpecies | undefined)[];
  /** Of each kind, spread over the people. */
  readonly attempts: number;
  readonly store: AuditStore;
  /** After this no more are begun, but for one of each kind; milliseconds since 1970. */
  readonly endsAt?: number | undefined;
}

/**
 * Makes all attempts of a plan, the kinds by turns, so that what was done when time ran out is of all of them; what the store has is not made again.
 *
 * @throws InputError where there are no people; InterruptedError.
 */
export async function makeAttempts(
  { name, people, kinds, attempts, store, endsAt = Number.POSITIVE_INFINITY, ...job }: AttemptPlan,
  make: (task: AttemptTask) => Promise<Attempt>,
): Promise<Attempt[]> {
  if (people.length === 0) throw new InputError(`there is nobody for the ${name}`, { hint: 'give more people' });
  const made: Attempt[] = [];
  for (let turn = 0; turn < attempts; turn++) {
    const person = people[turn % people.length] as LivenessPerson;
    const number = Math.floor(turn / people.length);
    for (const kind of kinds) {
      throwIfAborted(job);
      if (turn > 0 && Date.now() > endsAt) return made;
      const key = `${name} ${kind?.name ?? BONA_FIDE} ${person.person} ${number}`;
      made.push(
        (await readAttempt(store, key)) ??
          (await writeAttempt(store, key, await make({ species: kind, person, number }))),
      );
      job.onProgress?.({ stage: name, done: made.length, total: attempts * kinds.length });
    }
  }
  return made;
}

async function readAttempt(store: AuditStore, key: string): Promise<Attempt | undefined> {
  const bytes = await store.read(key);
  return bytes && attemptSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

async function writeAttempt(store: AuditStore, key: string, attempt: Attempt): Promise<Attempt> {
  await store.write(key, new TextEncoder().encode(JSON.stringify(attempt)));
  return attempt;
}
