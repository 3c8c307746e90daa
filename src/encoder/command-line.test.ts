import { describe, expect, it } from 'vitest';
import { splitCommandLine } from './command-line.ts';

describe('splitCommandLine', () => {
  it.each<[string, string[]]>([
    ['python3 embed.py --fast', ['python3', 'embed.py', '--fast']],
    ['  "/opt/my tools/embed"  \'a b\' "" ', ['/opt/my tools/embed', 'a b', '']],
    ['run a\\ b "say \\"hi\\"" c:\\models', ['run', 'a b', 'say "hi"', 'c:\\models']],
    ['run $HOME; rm *', ['run', '$HOME;', 'rm', '*']],
  ])('%s', (line, words) => {
    expect(splitCommandLine(line)).toEqual(words);
  });

  it.each(['', '   ', 'run "a'])('refuses "%s"', (line) => {
    expect(() => splitCommandLine(line)).toThrow(expect.objectContaining({ code: 'input' }));
  });
});
