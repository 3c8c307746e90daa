import { readFile, writeFile } from 'node:fs/promises';

/**
 * Points package.json's `bin` at the compiled files (`dist`) while the package is packed, and back at the sources (`src`) afterwards.
 *
 * A clone runs the TypeScript as it is, but Node strips no types below node_modules; npm has no setting that changes `bin` for publishing.
 */
const BIN = { src: 'src/cli/main.ts', dist: 'dist/cli/main.js' };

const side = process.argv[2];
if (side !== 'src' && side !== 'dist') {
  console.error('usage: node scripts/pack-manifest.ts src|dist');
  process.exit(2);
}
const path = new URL('../package.json', import.meta.url);
const manifest: { bin: { faceward: string } } = JSON.parse(await readFile(path, 'utf8'));
manifest.bin.faceward = BIN[side];
await writeFile(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
