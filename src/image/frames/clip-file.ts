import { InputError } from '../../util/errors.ts';
import { requireFramesPerSecond } from './clip.ts';
import type { SyntheticMark } from './marked-frame.ts';

/** Beside the frames of a folder; of a video it is the video's name with ".json" behind it. */
export const CLIP_FILE = 'clip.json';

const SCHEMA = 'faceward.clip/1';
const SOURCE_TYPES = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** What a clip's file tells beside its mark. */
export interface ClipFacts {
  readonly framesPerSecond: number;
  /** Of a frame with its band. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the picture above the band. */
  readonly pictureHeightPx: number;
  /** When each frame is shown; with its file's name where frames are files. */
  readonly frames: readonly { readonly timeMs: number; readonly file?: string }[];
}

/** The text of a marked clip's "clip.json": that it is synthetic, by what, in which run, and its frames with their times. */
export function clipFileText({ provenance, payload }: SyntheticMark, facts: ClipFacts): string {
  const term = provenance.kind === 'edited' ? 'compositeWithTrainedAlgorithmicMedia' : 'trainedAlgorithmicMedia';
  const content = {
    schema: SCHEMA,
    synthetic: true,
    digitalSourceType: SOURCE_TYPES + term,
    kind: provenance.kind,
    method: provenance.method,
    ...(provenance.detail === undefined ? {} : { detail: provenance.detail }),
    runId: payload.runId,
    species: payload.species,
    ...facts,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The frames a second that a "clip.json" tells. @throws InputError where it is damaged, or not Faceward's. */
export function readClipRate(text: string, name: string): number {
  const rate = rateIn(text);
  if (rate === undefined) {
    throw new InputError(`${name}: it is no ${SCHEMA} file, or damaged`, {
      hint: 'take it again from its source, or take it away and give the rate yourself',
    });
  }
  requireFramesPerSecond(rate);
  return rate;
}

function rateIn(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== SCHEMA)
      return undefined;
    return 'framesPerSecond' in value && typeof value.framesPerSecond === 'number' ? value.framesPerSecond : undefined;
  } catch {
    return undefined;
  }
}
