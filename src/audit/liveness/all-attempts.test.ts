import { afterEach, describe, expect, it, vi } from 'vitest';
import { ATTACK_SPECIES } from '../../attack/presentation/species.ts';
import { type AttemptPlan, makeAttempts, makeBothSides } from './all-attempts.ts';
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

describe('both sides', () => {
  afterEach(() => vi.useRealTimers());

  const sidesOf = (rest: Partial<Parameters<typeof makeBothSides>[0]> = {}) => ({
    store: planOf().store,
    people: { calibration: people.slice(0, 1), test: people.slice(1) },
    species: ATTACK_SPECIES.slice(0, 2),
    attempts: { calibration: 2, test: 4 },
    fitsAttacks: true,
    ...rest,
  });

  it('attack people who fix thresholds only where something is fitted to that', async () => {
    const kindsOf = async (fitsAttacks: boolean) => {
      const { calibration, test } = await makeBothSides(sidesOf({ fitsAttacks }), async (task) => attemptOf(task));
      return [calibration, test].map((made) => new Set(made.map(({ species }) => species)).size);
    };
    expect([await kindsOf(true), await kindsOf(false)]).toEqual([
      [3, 3],
      [1, 3],
    ]);
  });

  it('share the time: those who fix thresholds do not use up that of those who are judged', async () => {
    vi.useFakeTimers({ now: 0 });
    // A minute an attempt; half of the 24 minutes that all of it takes: 8 of people's own and 4 attacks to fix thresholds, and 12 to be judged.
    const { calibration, test } = await makeBothSides(sidesOf({ endsAt: 12 * 60_000 - 1 }), async (task) => {
      vi.setSystemTime(Date.now() + 60_000);
      return attemptOf(task);
    });
    expect([calibration.length, test.length]).toEqual([6, 6]);
  });
});
