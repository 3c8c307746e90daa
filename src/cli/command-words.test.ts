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

test('a long option behind one dash is refused, and so is --no- before an option that takes a value', () => {
  expect(() => requireKnownOptions(['-judge', 'x'], ARGS)).toThrow(
    expect.objectContaining({ message: 'there is no option -judge', hint: 'did you mean --judge?' }),
  );
  expect(() => requireKnownOptions(['-photo.jpg'], ARGS)).toThrow(
    expect.objectContaining({ hint: 'a file of that name is written ./-photo.jpg' }),
  );
  expect(() => requireKnownOptions(['--no-judge'], ARGS)).toThrow('there is no option --no-judge');
});

test('options that may be repeated are joined, and the rest keeps its order', () => {
  expect(
    joinRepeatedOptions(
      ['a', '--judge', 'x', '--json', '--judge=y=z', '--fail-on', 'q', 'b', '--', '--judge', 'w'],
      ARGS,
      ['judge'],
    ),
  ).toEqual(['a', '--json', 'b', '--judge=x,y=z', '--fail-on=q', '--', '--judge', 'w']);
});

test('another option that is given twice is refused, in whatever form', () => {
  expect(() => joinRepeatedOptions(['--fail-on', 'a', '--fail-on=b'], ARGS, ['judge'])).toThrow(
    '--fail-on is given twice: a and b',
  );
});

test('arguments beyond those of the command are refused unless it takes many', () => {
  requirePositionals(['a'], ARGS, false);
  requirePositionals(['a', 'b'], ARGS, true);
  expect(() => requirePositionals(['a', 'b'], ARGS, false)).toThrow('"b" is one argument too many');
});
