/**
 * Writes a page that moves a picture by the warp engine and shows how many frames a second the browser makes:
 * `node scripts/warp-page.ts page.html && chromium --headless --no-sandbox --disable-gpu --dump-dom page.html`.
 */
import { writeFile } from 'node:fs/promises';
import { warpForPages } from '../test/fixtures/warp-for-pages.ts';

const MEASURE = `
const side = 256;
const photo = { widthPx: side, heightPx: side, data: new Uint8Array(3 * side * side).map((_, i) => (i * 2654435761 >>> 8) & 255) };
const lines = faceward.MOTIONS.map((motion) => {
  const track = faceward.motionTrack(motion, { seconds: 4 });
  const run = () => {
    const beginMs = performance.now();
    const frames = [...faceward.animate(photo, track.frames[0], track)].length;
    return (1000 * frames) / (performance.now() - beginMs);
  };
  run(); // The first one is compiled on the way.
  return motion + ': ' + run().toFixed(0) + ' frames/s at ' + side + ' px';
});
document.querySelector('pre').textContent = lines.join('\\n');
`;

const [out = 'warp-page.html'] = process.argv.slice(2);
await writeFile(
  out,
  `<!doctype html><meta charset="utf-8"><pre></pre><script>${await warpForPages()}${MEASURE}</script>\n`,
  {
    flag: 'wx',
  },
);
process.stdout.write(`${out}\n`);
