import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { recordedCommand } from './recorded-command.ts';

test('a shell reads the record back as the same words', () => {
  const words = ['audit', 'inversion', '--ownership', "it's ours, $HOME", '--data=a b/ü', '--encoder', 'dlib', ''];
  const [, ...read] = execFileSync('sh', ['-c', `printf '%s\\0' ${recordedCommand(words)}`], { encoding: 'utf8' })
    .slice(0, -1)
    .split('\0');
  expect(read).toEqual(words);
});

test.each([
  ['https://user:secret@host.example/embed', 'https://host.example/embed'],
  ['--encoder=https://user:s@cret@host/embed', '--encoder=https://host/embed'],
  ['http://host:8080/embed?key=secret&x=1#secret', "'http://host:8080/embed?…'"],
  ['HTTPS://host/?secret', "'HTTPS://host/?…'"],
  ['https://a/?k=secret,dlib,https://u:secret@b/x', "'https://a/?…,dlib,https://b/x'"],
  ['cmd:curl https://u:secret@host/x?secret', "'cmd:curl https://host/x?…'"],
])('of an address only the place is recorded: %s', (word, shown) => {
  expect(recordedCommand(['audit', word])).toBe(`faceward audit ${shown}`);
});

test('a second run has nothing to resume', () => {
  expect(recordedCommand(['audit', '--resume', '--seed', '2'])).toBe('faceward audit --seed 2');
});
