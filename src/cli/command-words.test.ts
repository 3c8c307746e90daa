import { expect, test } from 'vitest';
import { joinRepeatedOptions, requireKnownOptions, requirePositionals } from './command-words.ts';

const ARGS = {
  photo: { type: 'positional' },
  judge: { type: 'string' },
  'fail-on': { type: 'string' },
  json: { type: 'boolean', alias: 'j' },
} as const;

test('known options in every form are let through', () => {
  requireKnownOptions(['a.jpg', '--judge', 'x', '--judge=y', '--no-json', '-j', '--', '--what'], ARGS);
});

test('a misspelt option is refused with the nearest one', () => {
  expect(() => requireKnownOptions(['--fial-on', 'leaks'], ARGS)).toThrow('there is no option --fial-on');
  expect(() => requireKnownOptions(['--fail', 'leaks'], ARGS)).toThrow(
    expect.objectContaining({ hint: 'did you mean --fail-on?' }),
  );
});

test('an option that needs a value must have one, and may have a negative number', () => {
  for (const words of [['--judge'], ['--judge='], ['--judge', '--json']]) {
    expect(() => requireKnownOptions(words, ARGS)).toThrow('--judge needs a value');
  }
  requireKnownOptions(['--judge', '-1'], ARGS);
});

test('options given several times are joined, and the rest keeps its order', () => {
  expect(
    joinRepeatedOptions(
      ['a', '--judge', 'x', '--json', '--judge=y=z', '--fail-on', 'q', 'b', '--', '--judge', 'w'],
      ARGS,
    ),
  ).toEqual(['a', '--json', 'b', '--judge=x,y=z', '--fail-on=q', '--', '--judge', 'w']);
});

test('arguments beyond those of the command are refused unless it takes many', () => {
  requirePositionals(['a'], ARGS, false);
  requirePositionals(['a', 'b'], ARGS, true);
  expect(() => requirePositionals(['a', 'b'], ARGS, false)).toThrow('"b" is one argument too many');
});
