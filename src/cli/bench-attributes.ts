import { readModel } from '../audit/inversion/shipped.ts';
import { readerFigures, readerRules, readerScores } from '../audit/reader-figures.ts';
import type { AttributeReader } from '../face/attribute-reader.ts';
import { BUNDLED_READERS, openBundledReader } from '../face/bundled-readers.ts';
import { openAttributeReader } from '../face/open-attribute-reader.ts';
import { cacheDirectory } from './cache-directory.ts';
import { command } from './command.ts';
import { type SessionArgs, sessionArgs, sessionOptions } from './encoder-options.ts';
import { printJson, printLine } from './print.ts';
import { readerFaces } from './reader-faces.ts';
import { readerTable } from './reader-table.ts';

/** `faceward bench attributes`: how well a reader of attributes reads them. */
export const benchAttributesCommand = command({
  name: 'bench attributes',
  description:
    'Measures how well a reader of attributes reads people of the test side: accuracy above log-odds of 0; balanced accuracy above the threshold that does best on people of the calibration side; AUC.',
  examples: [
    'faceward bench attributes --reader reader.onnx --data celeba/',
    'faceward bench attributes --reader faceres --data celeba/ --json > figures.json',
  ],
  args: {
    reader: {
      type: 'string',
      description: `a model of faceward train attributes, or of the bundled networks ${BUNDLED_READERS.join(' or ')}: sex and age`,
      required: true,
      valueHint: 'file.onnx|name',
    },
    data: {
      type: 'string',
      description: 'faces with attributes: CelebA, or a folder made like it',
      required: true,
      valueHint: 'folder',
    },
    ...sessionArgs,
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ args, job }) {
    const reader = await openReader(args.reader, args);
    try {
      const { dataset, faces } = await readerFaces(args.data, ['calibration', 'test'], {
        args,
        job,
        view: reader.view,
      });
      const rules = readerRules(await readerScores(reader, faces.calibration));
      const figures = readerFigures(await readerScores(reader, faces.test), rules);
      if (args.json) printJson({ reader: { id: reader.id, hash: reader.hash }, dataset, side: 'test', figures });
      else {
        printLine(readerTable(figures));
        printLine('test side, in %, with 95 % intervals; thresholds of balanced accuracy from the calibration side');
      }
    } finally {
      await reader.close();
    }
  },
});

async function openReader(spec: string, args: SessionArgs): Promise<AttributeReader> {
  const options = sessionOptions(args);
  const bundled = BUNDLED_READERS.find((name) => name === spec);
  if (bundled) return openBundledReader(bundled, { ...options, cacheDir: cacheDirectory() });
  const graph = await readModel(spec);
  return openAttributeReader(graph, { ...options, hash: graph.metadata.sha256 ?? '' });
}
