import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { InputError } from '../util/errors.ts';
import { refuseSplit, refuseTestPeople, splitByPerson, splitOf } from './splits.ts';

const PEOPLE = Array.from({ length: 300 }, (_, i) => ({ person: `person ${i}` }));

describe('splitOf', () => {
  it.each([
    // Place in 0..1 by a reimplementation of the hash in Python 3.11; models were trained on these sides, so they may never change.
    ['Aaron_Peirsol', 0.0702, 'train'],
    ['George_W_Bush', 0.4721, 'train'],
    ['celeba-2880', 0.7801, 'calibration'],
    ['Zico', 0.9302, 'test'],
  ])('of %s (%d) is %s', (person, _, side) => {
    expect(splitOf(person)).toBe(side);
  });

  it('puts all spellings of a name on one side', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8}){0,2}$/);
    fc.assert(
      fc.property(name, (plain) => {
        const side = splitOf(plain);
        expect(splitOf(plain.toUpperCase())).toBe(side);
        expect(splitOf(` ${plain.replaceAll(' ', '_')} `)).toBe(side);
        expect(splitOf(plain.replaceAll(' ', '  '))).toBe(side);
        expect(splitOf(plain.replaceAll('e', 'é').normalize('NFC'))).toBe(side);
        expect(splitOf(plain.replaceAll('e', 'é').normalize('NFD'))).toBe(side);
      }),
    );
  });

  it('refuses what is no name', () => {
    expect(() => splitOf(' _-_ ')).toThrow(InputError);
    expect(splitOf('李雷')).toBe(splitOf(' 李雷'));
  });

  describe.skipIf(!SHARED_DATA)('on LFW', () => {
    it('puts 70, 15 and 15 % of the people on the three sides', () => {
      const people = readdirSync(join(SHARED_DATA ?? '', 'lfw-aligned112/images')).map((person) => ({ person }));
      expect(people).toHaveLength(5749);
      const sides = splitByPerson(people);
      // Three standard deviations of a binomial share: 1.8 and 1.4 %.
      expect(Math.abs(sides.train.length / 5749 - 0.7)).toBeLessThan(0.018);
      expect(Math.abs(sides.calibration.length / 5749 - 0.15)).toBeLessThan(0.014);
      expect(Math.abs(sides.test.length / 5749 - 0.15)).toBeLessThan(0.014);
    });
  });
});

describe('splitByPerson', () => {
  it('puts every sample on exactly one side, in order', () => {
    const { train, calibration, test } = splitByPerson(PEOPLE);
    expect(new Set([...train, ...calibration, ...test])).toEqual(new Set(PEOPLE));
    expect(train).toEqual(PEOPLE.filter(({ person }) => splitOf(person) === 'train'));
  });
});

describe('refuseTestPeople and refuseSplit', () => {
  const { train, calibration, test } = splitByPerson(PEOPLE);

  it('let the right sides pass', () => {
    expect(() => refuseTestPeople([...train, ...calibration], 'training')).not.toThrow();
    expect(() => refuseSplit([...train, ...test], 'calibration', 'training')).not.toThrow();
  });

  it('refuse a single person of the wrong side, and say for what', () => {
    const [one] = test;
    expect(() => refuseTestPeople([...train, ...test.slice(0, 1)], 'training an inverter')).toThrow(
      `people of the test split must not be used for training an inverter: ${one?.person}`,
    );
    expect(() => refuseSplit(calibration, 'calibration', 'training')).toThrow(InputError);
  });
});
