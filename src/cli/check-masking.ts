import { type Exposure, findExposure } from '../defence/training/masking/exposure.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { exposureText } from './exposure-text.ts';
import { findMixLog, readMixLog } from './mix-log-file.ts';
import { wholeNumber } from './option-values.ts';
import { printJson, printLine } from './print.ts';

/** Exit status of a set that is exposed. */
const EXPOSED = 3;

/** `faceward check masking`: whether mixes of faces can be taken apart. */
export const checkMaskingCommand = command({
  name: 'check masking',
  description:
    'Tells whether mixed faces are exposed: how often each was mixed, whether the same were mixed with each other again, and which can be solved for from the mixes together. Takes the mix log of a training, or a masked data set that was exported here.',
  examples: [
    'faceward check masking mixes.jsonl',
    'faceward check masking masked-faces/ --max-reencodings 2',
    'faceward check masking mixes.jsonl --json > exposure.json',
  ],
  args: {
    source: { type: 'positional', description: 'the mix log, or the folder of the data set', required: true },
    'max-reencodings': {
      type: 'string',
      description: 'mixes that one image may be in',
      default: '4',
      valueHint: 'n',
    },
    json: { type: 'boolean', description: 'print what was found as JSON' },
  },
  async run({ args, job }) {
    const maxReencodings = wholeNumber(args['max-reencodings'], '--max-reencodings', { min: 1 });
    const log = await findMixLog(args.source);
    let first = Number.POSITIVE_INFINITY;
    const records = async function* () {
      for await (const record of readMixLog(log, job)) {
        first = Math.min(first, record.step);
        yield record;
      }
    };
    const exposure = await findExposure(records(), { maxReencodings });
    if (exposure.mixes === 0) throw new InputError(`${log} holds no re-encoding`);
    if (first > 0 && !exposure.exposed) {
      throw new InputError(
        `${log} begins at step ${first}: the mixes before are not in it, and with them the set may be exposed`,
        {
          hint: 'bring the whole log; a training that is resumed goes on with the log that it began',
        },
      );
    }
    if (args.json) printJson(exposure);
    else printLine(exposureText(exposure));
    return statusOf(exposure);
  },
});

const statusOf = ({ exposed }: Exposure): number => (exposed ? EXPOSED : 0);
