import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'faceward-home-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const SESSION = new URL('./session.ts', import.meta.url).href;
const BUILDER = new URL('../graph/builder.ts', import.meta.url).href;

/** Opens a session in a process of its own, with nothing of ours in its environment. */
const PROGRAM = `
  import { createSession } from ${JSON.stringify(SESSION)};
  import { GraphBuilder } from ${JSON.stringify(BUILDER)};
  const builder = new GraphBuilder('one');
  builder.output('y', builder.op('Relu', [builder.input('x', [1])]));
  await (await createSession(builder.build())).release();
`;

test('a session leaves nothing in the user’s folders: no device id, no events to send', async () => {
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, XDG_CACHE_HOME: join(home, 'cache') };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], { env });
  // What telemetry writes, it writes behind the program's back.
  await sleep(500);
  expect(await readdir(home, { recursive: true })).toEqual([]);
});
