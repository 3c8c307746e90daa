import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDirectory } from './cache-directory.ts';

test('FACEWARD_CACHE goes first, then the XDG folder, then the home', () => {
  expect(cacheDirectory({ FACEWARD_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe(join('/b', 'faceward'));
  expect(cacheDirectory({}).startsWith(homedir())).toBe(true);
});
