import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { InputError, InterruptedError, StoreError } from '../util/errors.ts';
import { reportError } from './error-report.ts';

test('our errors give message, hint and the exit status of their code', () => {
  expect(reportError(new InputError('no face', { hint: 'give a photo' }))).toEqual({
    text: 'error: no face\nhint: give a photo\n',
    exitStatus: 2,
  });
  expect(reportError(new StoreError('full'))).toEqual({ text: 'error: full\n', exitStatus: 1 });
  expect(reportError(new InterruptedError('stopped')).exitStatus).toBe(130);
});

test.skipIf(process.platform !== 'linux')('a full or closed disk is no bug of ours', async () => {
  const full = await writeFile('/dev/full', 'x').catch((error: unknown) => error);
  expect(reportError(full)).toEqual({ text: 'error: there is no space left on the disk\n', exitStatus: 1 });
  const folder = await writeFile('/dev', 'x').catch((error: unknown) => error);
  expect(reportError(folder)).toEqual({ text: 'error: /dev: it is a folder\n', exitStatus: 1 });
});

test('an unexpected error shows its stack, so that it can be reported', () => {
  const { text, exitStatus } = reportError(new TypeError('x is undefined'));
  expect(text).toContain('error: something went wrong inside Faceward');
  expect(text).toContain('error-report.test.ts');
  expect(exitStatus).toBe(1);
});
