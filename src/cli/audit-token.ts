import { readLines } from '../data/text-lines.ts';
import { issueAuditToken, readAuditToken } from '../defence/liveness/session/audit-token.ts';
import { hmacSigner } from '../defence/liveness/session/signature.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { durationMs, listOf } from './option-values.ts';
import { printLine, printNote } from './print.ts';
import { keptSecret, readSecretFile } from './secret-file.ts';

/** Whom `faceward verify --live` judges, as a token names it. */
const VERIFY_LIVE = 'faceward verify --live';

const LONGEST_HOURS = 7 * 24;

const HINTS = {
  unreadable: 'make it readable, or name another file with --key',
  damaged: 'name the file of a key with --key, 64 hexadecimal digits, or one that is not there yet',
} as const;

/** `faceward audit token`: what lets an audit of one's own verification past the refusal of our own mark. */
export const auditTokenCommand = command({
  name: 'audit token',
  description:
    'Prints a token that an audit of your own verification shows: until it expires, presentations that bear Faceward’s own mark are judged as if they bore none. It lets nobody in; what comes of it says that it was an audit, and whose.',
  examples: [
    'faceward audit token --key audit.key --ownership "our own verification, ticket 4711" > token.txt',
    'faceward verify --live clip/ --against person.jpg --audit-token token.txt --key audit.key',
    'faceward audit token --key server.key --ownership "…" --subjects audit-1,audit-2 --for 8h',
  ],
  args: {
    key: {
      type: 'string',
      description:
        'file of the key that signs, 64 hexadecimal digits, which the verification has too; made where it is not there',
      required: true,
      valueHint: 'file',
    },
    ownership: {
      type: 'string',
      description: 'who says that the verification is yours or that you may test it; it goes into all that is judged',
      required: true,
      valueHint: 'text',
    },
    subjects: {
      type: 'string',
      description: 'of a session server: ids that were made for the audit; default: faceward verify --live',
      valueHint: 'ids',
    },
    for: { type: 'string', description: 'how long it holds; a week at most', default: '2h', valueHint: 'duration' },
  },
  async run({ args }) {
    const lastingMs = durationMs(args.for, '--for') ?? 0;
    if (!(lastingMs > 0 && lastingMs <= LONGEST_HOURS * 3_600_000))
      throw new InputError(`--for ${args.for} is too long, or nothing`, { hint: 'give a week at most, such as 2h' });
    if (args.ownership.trim() === '')
      throw new InputError(
        'a token is made only after a statement that the verification is yours or that you may test it',
        {
          hint: 'give it with --ownership "…"',
        },
      );
    const subjects = args.subjects === undefined ? [VERIFY_LIVE] : listOf(args.subjects);
    const expiresMs = Date.now() + lastingMs;
    const signer = await hmacSigner(
      await keptSecret(args.key, { ...HINTS, unkept: 'choose another place with --key' }),
    );
    printLine(await issueAuditToken({ ownership: args.ownership, subjects, expiresMs }, signer));
    printNote(`it holds until ${new Date(expiresMs).toISOString()}`);
  },
});

/** Who owns an audit of `faceward verify --live`; undefined where no token was given. @throws InputError where it allows nothing now, or there is no key. */
export async function auditOf(args: {
  readonly 'audit-token'?: string | undefined;
  readonly key?: string | undefined;
}): Promise<{ readonly ownership: string } | undefined> {
  const { 'audit-token': path, key: keyPath } = args;
  if (path === undefined && keyPath === undefined) return undefined;
  const hint = 'make a token with faceward audit token, and give it with --audit-token, the key’s file with --key';
  if (path === undefined || keyPath === undefined) throw new InputError('a token is checked by a key', { hint });
  const key = await readSecretFile(keyPath, HINTS);
  if (!key) throw new InputError(`${keyPath}: there is no such file`, { hint });
  const [line] = await readLines(path);
  const claim = { subject: VERIFY_LIVE, nowMs: Date.now() };
  const permission = await readAuditToken(line?.text.trim() ?? '', claim, await hmacSigner(key));
  if (!permission)
    throw new InputError(`${path} allows no audit: it is expired, for another verification, or of another key`, {
      hint,
    });
  return { ownership: permission.ownership };
}
