import { expect, test } from 'vitest';
import { InputError } from '../../../util/errors.ts';
import { readMixRecord, writeMixRecord } from './mix-log.ts';

test('a record is one line, and comes back from it', () => {
  const record = { step: 7, image: 'ann/1.jpg', partners: ['ben/2.jpg', 'c "d"\n/3.jpg'], weights: [0.5, 0.25, 0.25] };
  const line = writeMixRecord(record);
  expect(line).not.toContain('\n');
  expect(readMixRecord(line, 'log:1')).toEqual(record);
});

test.each([
  ['{"step":0', 'it is no JSON'],
  ['[]', 'it has no step'],
  ['{"step":-1,"image":"a","partners":[],"weights":[1]}', '-1 is no step'],
  ['{"step":0,"image":1,"partners":[],"weights":[1]}', 'it has no image'],
  ['{"step":0,"image":"a","partners":"b","weights":[1]}', 'its partners are no list of ids'],
  ['{"step":0,"image":"a","partners":["b"],"weights":[0.5,"x"]}', 'its weights are no list of numbers'],
  ['{"step":0,"image":"a","partners":["a"],"weights":[0.5,0.5]}', 'an image is in it twice'],
  ['{"step":0,"image":"a","partners":["b","c"],"weights":[0.5,0.5]}', 'it has 2 weights for 3 images'],
  ['{"step":0,"image":"a","partners":["b"],"weights":[1.5,-0.5]}', 'a weight is not above 0'],
  ['{"step":0,"image":"a","partners":["b"],"weights":[0.5,0.4]}', 'its weights sum to 0.9'],
])('%s is no record: %s', (line, reason) => {
  expect(() => readMixRecord(line, 'log:3')).toThrow(InputError);
  expect(() => readMixRecord(line, 'log:3')).toThrow(`log:3: this is no re-encoding: ${reason}`);
});
