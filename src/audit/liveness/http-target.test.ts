import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeImage } from '../../image/decode.ts';
import type { Image } from '../../image/image.ts';
import { findPayload } from '../../image/payload.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { openHttpTarget } from './http-target.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** An owner's adapter that answers each message by its schema, and keeps what it was sent. */
async function adapter(answers: Readonly<Record<string, unknown>>) {
  const messages: Record<string, unknown>[] = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(parts).toString('utf8'));
      messages.push(message);
      const answer = answers[message.schema];
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/liveness`, messages };
}

/** Smooth pictures: a payload needs room to be written into. */
function frame(seed: number): Image {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: 3 * 128 * 128 }, (_, i) => 90 + ((i / 3) % 128) * 0.5 + 8 * random.uniform());
  return { widthPx: 128, heightPx: 128, data };
}

const OPEN = 'faceward.liveness-open/1';
const CAPTURE = 'faceward.liveness-capture/1';
const mark = {
  provenance: { kind: 'animated', method: 'warp' },
  payload: { runId: 7, species: 3 },
} as const;
const clip = { framesPerSecond: 10, frames: [frame(1), frame(2), frame(3)] };
const ownership = 'ours, ticket 1';

describe('openHttpTarget', () => {
  test('opens a session with the enrolled photo, and hands in marked frames with their times', async () => {
    const { address, messages } = await adapter({
      [OPEN]: {
        ...{ session: 's1', challenge: [{ action: 'turn-left', atMs: 1000 }] },
        flashes: [
          { left: 'blue', right: 'green', atMs: 5500 },
          { left: 'rose', right: 'cyan', atMs: 5000 },
        ],
      },
      [CAPTURE]: { decision: 'pass' },
    });
    const target = openHttpTarget(address, { ownership });
    const session = await target.open(frame(4));
    expect(session.challenge).toEqual([{ action: 'turn-left', atMs: 1000 }]);
    expect(session.flashes).toEqual([
      { left: 'rose', right: 'cyan', atMs: 5000 },
      { left: 'blue', right: 'green', atMs: 5500 },
    ]);
    expect(await session.submit(clip, mark)).toBe('passed');
    expect(target.queries).toBe(2);
    const [open, capture] = messages as [
      { enrolled: string },
      { session: string; frames: { timeMs: number; jpeg: string }[] },
    ];
    expect((await decodeImage(Buffer.from(open.enrolled, 'base64'))).image.widthPx).toBe(128);
    expect(capture.session).toBe('s1');
    expect(capture.frames.map(({ timeMs }) => timeMs)).toEqual([0, 100, 200]);
    for (const { jpeg } of capture.frames) {
      const { image } = await decodeImage(Buffer.from(jpeg, 'base64'));
      expect(findPayload(image)).toEqual(mark.payload);
      // The band stands below the picture.
      expect(image.heightPx).toBeGreaterThan(128);
    }
    target.close();
  });

  test.each([
    ['fail', 'refused'],
    ['retry', 'no-response'],
  ])('takes "%s" as %s', async (decision, outcome) => {
    const { address } = await adapter({ [OPEN]: { session: 's1' }, [CAPTURE]: { decision } });
    const session = await openHttpTarget(address, { ownership }).open(frame(4));
    expect(session.challenge).toEqual([]);
    expect(await session.submit(clip, mark)).toBe(outcome);
  });

  test.each([
    ['no JSON', 'live!'],
    ['no session', {}],
    ['an action that nobody can perform', { session: 's1', challenge: [{ action: 'fly', atMs: 0 }] }],
    ['a colour that is none', { session: 's1', flashes: [{ left: 'rose', right: 'red', atMs: 0 }] }],
    ['a time without end', { session: 's1', challenge: [{ action: 'smile', atMs: 1e9 }] }],
  ])('refuses an answer with %s', async (_, answer) => {
    const { address } = await adapter({ [OPEN]: answer });
    await expect(openHttpTarget(address, { ownership }).open(frame(4))).rejects.toThrow(CapabilityError);
  });

  test.each([
    ['no statement of ownership', 'https://faces.example/live', undefined],
    ['an empty one', 'https://faces.example/live', ' '],
    ['no address', 'faces.example', ownership],
    ['a password in the address', 'https://a:b@faces.example/live', ownership],
  ])('sends nothing with %s', (_, address, statement) => {
    expect(() => openHttpTarget(address, { ownership: statement })).toThrow(InputError);
  });
});
