import { resolve } from 'node:path';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { curvesPath, writeCurves } from './figures-log-file.ts';
import { prepareOutputFile } from './output-file.ts';
import { printLine } from './print.ts';

/** `faceward report training`: the curves of a training on masked faces. */
export const reportTrainingCommand = command({
  name: 'report training',
  description:
    'Draws the figures of a training on masked faces as a page: how many faces the strategy network mixes, its reward, both losses. The training may still be running, or have come apart.',
  examples: ['faceward report training figures.jsonl', 'faceward report training figures.jsonl --out curves.html'],
  args: {
    log: { type: 'positional', description: 'what train encoder --figures-log wrote', required: true },
    out: {
      type: 'string',
      description: 'the page; default: beside the log, figures.jsonl has figures.html',
      valueHint: 'file.html',
    },
  },
  async run({ args, job }) {
    const out = args.out ?? curvesPath(args.log);
    if (resolve(out) === resolve(args.log))
      throw new InputError(`--out ${out} is the log itself`, { hint: 'leave it out, or name another file' });
    await prepareOutputFile(out);
    await writeCurves(args.log, out, job);
    printLine(out);
  },
});
