import { stripVTControlCharacters } from 'node:util';
import { ERROR_STATUS, FacewardError } from '../util/errors.ts';

/** What a failed command prints, and its exit status. */
export interface ErrorReport {
  readonly text: string;
  readonly exitStatus: number;
}

/** Puts an error as `error: …` and `hint: …`; one that is not ours is a bug and comes with its stack. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof FacewardError) {
    return { text: lines(error.message, error.hint), exitStatus: ERROR_STATUS[error.code].exit };
  }
  // citty does not export the class of its own complaints about arguments.
  if (error instanceof Error && error.name === 'CLIError') {
    const message = stripVTControlCharacters(error.message).replace(/\.$/, '');
    return { text: lines(lowerFirst(message), 'add --help to see what it takes'), exitStatus: ERROR_STATUS.input.exit };
  }
  const reason = systemReason(error);
  if (reason !== undefined) return { text: lines(reason, undefined), exitStatus: ERROR_STATUS.store.exit };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `${lines('something went wrong inside Faceward', 'please report it with the lines below')}${stack}\n`,
    exitStatus: 1,
  };
}

/** What the system says of the machine and not of Faceward, by its code. */
const SYSTEM_REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'there is no space left on the disk'],
  ['EDQUOT', 'the quota of disk space is used up'],
  ['EROFS', 'it cannot be written: the file system is read-only'],
  ['EACCES', 'there is no permission for it'],
  ['EPERM', 'there is no permission for it'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of this path is no folder'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
  ['EIO', 'the disk failed'],
]);

function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  const reason = SYSTEM_REASONS.get(error.code);
  if (reason === undefined) return undefined;
  return 'path' in error && typeof error.path === 'string' ? `${error.path}: ${reason}` : reason;
}

function lines(message: string, hint: string | undefined): string {
  return `error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
