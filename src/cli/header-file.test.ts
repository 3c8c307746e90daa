import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHeaderFile } from './header-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-headers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, 'headers.txt');
  await writeFile(path, text);
  return path;
}

test('headers are read, with colons in their values', async () => {
  const path = await file('\uFEFFAuthorization: Bearer a:b c\r\n\r\n# a remark: not sent\nX-Key:1\n');
  expect(await readHeaderFile(path)).toEqual({ Authorization: 'Bearer a:b c', 'X-Key': '1' });
});

test.each(['Bearer topsecret', ': topsecret', 'topsecret:', 'top secret: x'])(
  'a line that is no header is named by its number, and not repeated',
  async (line) => {
    const problem = await readHeaderFile(await file(`a: b\n${line}\n`)).catch((error: Error) => error.message);
    expect(problem).toContain('headers.txt:2: this is no header');
    expect(problem).not.toMatch(/secret/);
  },
);

test('a file that is not there is refused', async () => {
  await expect(readHeaderFile(join(folder, 'none'))).rejects.toThrow('cannot be read');
});
