/** Address with user name and password, query and fragment: all of these may hold a key. A comma ends it, as between two judges. */
const ADDRESS = /(https?:\/\/)(?:[^\s/?#]*@)?([^\s?#,]*)(\?[^\s#,]*)?(#[^\s,]*)?/gi;

/**
 * The command line as a report records it, quoted for a shell: what was run, without what is nobody else's business. Of an address the user name,
 * password, query and fragment are left out, as everywhere; `--resume` is of no use to a second run.
 *
 * @param words - those after the program's name.
 */
export function recordedCommand(words: readonly string[]): string {
  const shown = words.filter((word) => word !== '--resume').map((word) => quoted(withoutSecrets(word)));
  return ['faceward', ...shown].join(' ');
}

function withoutSecrets(word: string): string {
  return word.replace(
    ADDRESS,
    (_, scheme: string, place: string, query?: string) => `${scheme}${place}${query ? '?…' : ''}`,
  );
}

function quoted(word: string): string {
  return /^[\w./:,=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
