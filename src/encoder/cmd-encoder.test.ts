import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { type CmdEncoderOptions, openCmdEncoder } from './cmd-encoder.ts';

const folder = mkdtempSync(join(tmpdir(), 'cmd encoder test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A command that runs this JavaScript for each line (`path`), with `log` to note things for the test. */
function command(onPath: string, name = 'program'): { command: string; log: () => string[] } {
  const script = join(folder, `${name}.mjs`);
  const log = join(folder, `${name}.log`);
  writeFileSync(log, '');
  writeFileSync(
    script,
    `import fs from 'node:fs';
     import readline from 'node:readline';
     const log = (text) => fs.appendFileSync(${JSON.stringify(log)}, text + '\\n');
     log('started ' + process.argv.slice(2).join('|'));
     process.on('exit', () => log('ended'));
     for await (const path of readline.createInterface({ input: process.stdin })) { ${onPath} }`,
  );
  const read = () => readFileSync(log, 'utf8').trim().split('\n');
  return { command: `"${process.execPath}" "${script}" one 'two three; $HOME'`, log: read };
}

const grey = (value: number): Image => ({
  widthPx: 112,
  heightPx: 112,
  data: new Uint8Array(3 * 112 * 112).fill(value),
});

async function failure(program: string, options: CmdEncoderOptions = {}): Promise<unknown> {
  try {
    await (await openCmdEncoder(program, options)).close();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('openCmdEncoder', () => {
  it('starts the program once, hands it PNG files and removes them', async () => {
    const program = command(
      `const bytes = fs.readFileSync(path);
       log(path + ' ' + (fs.statSync(path).mode & 0o777).toString(8) + ' ' + (fs.statSync(path + '/..').mode & 0o777).toString(8));
       console.log(JSON.stringify([bytes.length, ...bytes.subarray(-60, -50)]));`.replace(
        "path + '/..'",
        "path.replace(/[^/\\\\]+$/, '')",
      ),
      'echo',
    );
    const encoder = await openCmdEncoder(program.command);
    expect(encoder.embeddingSize).toBe(11);
    const [first, second] = await Promise.all([encoder.embed([grey(10), grey(20)]), encoder.embed([grey(30)])]);
    for (const [i, value] of [10, 20, 30].entries()) {
      const png = await encodePng(grey(value));
      expect([...first, ...second][i]).toEqual(Float32Array.of(png.length, ...png.subarray(-60, -50)));
    }
    expect(encoder.queries).toBe(4);
    await encoder.close();
    const [started, line = '', ...rest] = program.log();
    expect(started).toBe('started one|two three; $HOME');
    expect(rest.at(-1)).toBe('ended');
    const [path = '', fileMode, folderMode] = line.split(' ');
    if (process.platform !== 'win32') expect([fileMode, folderMode]).toEqual(['600', '700']);
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('tells how the program ended, with the end of its stderr', async () => {
    const { command: line } = command(`console.error('cannot load weights.bin'); process.exit(3);`, 'exits');
    expect(await failure(line)).toMatchObject({
      code: 'capability',
      message: expect.stringMatching(/status 3.*cannot load weights\.bin/),
    });
  });

  it('tells of a program that is not there', async () => {
    expect(await failure('/nowhere/program')).toMatchObject({
      code: 'capability',
      message: expect.stringContaining('cannot be started'),
    });
  });

  it('ends a program that does not answer', async () => {
    const silent = command('', 'silent');
    expect(await failure(silent.command, { timeoutMs: 300 })).toMatchObject({
      message: expect.stringContaining('no answer within 300 ms'),
      hint: expect.stringContaining('flush'),
    });
  });

  it('refuses answers of another size, and lines too many', async () => {
    const growing = command(
      `globalThis.n = (globalThis.n ?? 0) + 1; console.log(JSON.stringify(Array(n).fill(0)));`,
      'growing',
    );
    const encoder = await openCmdEncoder(growing.command);
    await expect(encoder.embed([grey(1)])).rejects.toThrow('2 numbers where 1 were expected');
    await encoder.close();
    const chatty = command(`console.log('[1]\\n[2]');`, 'chatty');
    const second = await openCmdEncoder(chatty.command);
    await expect(second.embed([grey(1)])).rejects.toThrow('that no path was sent for');
    await second.close();
  });
});
