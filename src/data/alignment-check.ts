import type { FaceSample } from './sample.ts';

/** How a loader learns whether photos are aligned faces already. */
export interface AlignmentOptions {
  /**
   * True where all photos are in the canonical frame (ArcFace's 112x112 template), false where none is;
   * 'auto' (the default) takes them as aligned where `readSize` finds the photos it looks at to be 112x112 px.
   */
  readonly aligned?: boolean | 'auto';
  /** Reads a photo's size from its header (`image/` decodes, `data/` does not); without it 'auto' means false. It may throw on a broken photo. */
  readonly readSize?: (path: string) => Promise<{ readonly widthPx: number; readonly heightPx: number }>;
}

const LOOKED_AT = 16;

/** The samples with `aligned` set as the options have it; 'auto' looks at 16 photos spread over the set, broken ones not counted. */
export async function markAligned(
  samples: readonly Omit<FaceSample, 'aligned'>[],
  options: AlignmentOptions,
): Promise<FaceSample[]> {
  const { aligned = 'auto', readSize } = options;
  const all = aligned === 'auto' ? readSize !== undefined && (await look112(samples, readSize)) : aligned;
  return samples.map((sample) => ({ ...sample, aligned: all }));
}

async function look112(
  samples: readonly Pick<FaceSample, 'path'>[],
  readSize: NonNullable<AlignmentOptions['readSize']>,
): Promise<boolean> {
  const step = Math.max(1, Math.floor(samples.length / LOOKED_AT));
  let readable = 0;
  for (let i = 0; i < samples.length; i += step) {
    const path = samples[i]?.path;
    const size = path === undefined ? undefined : await readSize(path).catch(() => undefined);
    if (size === undefined) continue;
    if (size.widthPx !== 112 || size.heightPx !== 112) return false;
    readable++;
  }
  return readable > 0;
}
