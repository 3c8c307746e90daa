import { describe, expect, it } from 'vitest';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { type AttemptPlan, makeAttempts } from './all-attempts.ts';
import type { Attempt } from './attempt.ts';
import type { LivenessPerson } from './liveness-person.ts';
import type { AttemptTask } from './make-attempt.ts';

/** People of whom nothing but the name is looked at. */
const people = ['Ann', 'Bo', 'Cy'].map((person) => ({ person }) as LivenessPerson);

const attemptOf = ({ species, person, number }: AttemptTask): Attempt => ({
  ...{ species: species?.name ?? 'bona fide', person: person.person, attempt: number, refusal: null },
  ...{ checks: {}, networks: {}, similarities: {}, marked: false, outcome: null },
});

function planOf(rest: Partial<AttemptPlan> = {}): AttemptPlan {
  const stored = new Map<string, Uint8Array>();
  const store: AttemptPlan['store'] = {
    read: async (name) => stored.get(name),
    write: async (name, bytes) => {
      stored.set(name, bytes);
    },
  };
  const kinds = [undefined, ...ATTACK_SPECIES.slice(0, 2)];
  return { name: 'attempts', people, kinds, attempts: 5, store, ...rest };
}

const nameOf = ({ species, person, attempt }: Attempt): string => `${species} ${person} ${attempt}`;

describe('shares of the attempts', () => {
  it('are all of them, each once, and are not made again', async () => {
    const plan = planOf();
    const made: string[] = [];
    const make = async (task: AttemptTask): Promise<Attempt> => {
      made.push(nameOf(attemptOf(task)));
      return attemptOf(task);
    };
    const shares = [];
    for (const index of [1, 2, 3, 4]) shares.push(await makeAttempts({ ...plan, share: { index, of: 4 } }, make));
    const whole = await makeAttempts(plan, make);

    expect(shares.map(({ length }) => length)).toEqual([4, 4, 4, 3]);
    expect(whole).toHaveLength(15);
    expect(made.toSorted()).toEqual(whole.map(nameOf).toSorted());
    expect(new Set(made).size).toBe(15);
  });

  it('that one did not make are made by the whole', async () => {
    const plan = planOf();
    await makeAttempts({ ...plan, share: { index: 2, of: 2 } }, async (task) => attemptOf(task));
    let made = 0;
    const whole = await makeAttempts(plan, async (task) => {
      made++;
      return attemptOf(task);
    });

    expect([made, whole.length]).toEqual([8, 15]);
  });
});

it('what is there counts when time has run out', async () => {
  const { store, ...plan } = planOf();
  await makeAttempts({ ...plan, store, attempts: 3 }, async (task) => attemptOf(task));
  const late = await makeAttempts({ ...plan, store, endsAt: 0 }, async (task) => attemptOf(task));
  expect(late).toHaveLength(9);
});
