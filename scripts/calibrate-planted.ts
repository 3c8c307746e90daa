/**
 * Writes the calibration files of the planted encoders: `node scripts/calibrate-planted.ts <LFW folder of aligned faces>`.
 */
import { writeFile } from 'node:fs/promises';
import { calibrate } from '../src/audit/calibration.ts';
import { plantedStrongEncoder, plantedWeakEncoder } from '../src/audit/inversion/planted.ts';
import { createJudge } from '../src/audit/judge.ts';
import { loadFaces } from '../src/audit/load-faces.ts';
import { loadDataset } from '../src/data/load.ts';
import { splitOf } from '../src/data/splits.ts';
import { InputError } from '../src/util/errors.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new InputError('give the folder of LFW’s aligned faces');
const dataset = await loadDataset(folder, { aligned: true });
const side = dataset.samples.filter(({ person }) => splitOf(person) === 'calibration');
const samples = [...Map.groupBy(side, ({ person }) => person).values()].flatMap((own) => own.slice(0, 1));
const { faces } = await loadFaces(samples, {
  openPipeline: async () => {
    throw new InputError('the faces must be aligned');
  },
});
for (const encoder of [await plantedWeakEncoder(), plantedStrongEncoder()]) {
  const embeddings = await createJudge(encoder).embed(faces);
  const labelled = faces.map(({ person }, i) => ({ person, embedding: embeddings[i] ?? new Float32Array() }));
  const calibration = calibrate(labelled, encoder, {
    name: 'LFW',
    selection: 'people of the calibration side, first image of each',
  });
  await writeFile(
    new URL(`../models/calibration/${encoder.id}.json`, import.meta.url),
    `${JSON.stringify(calibration, undefined, 2)}\n`,
  );
  await encoder.close();
}
