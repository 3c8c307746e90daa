import { judgeEncoder } from '../../encoder/knowledge.ts';
import { openSimilarityGradient, type SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { Judge } from '../judge.ts';
import { PERTURBED_PX } from './pairs.ts';

/** Gradients of encoders and of ensembles of them, each opened once. */
export interface Gradients {
  /** Whether an encoder's gradient can be had. */
  has(judge: Judge): boolean;
  /** @throws CapabilityError where one of them has none. */
  of(judges: readonly Judge[]): Promise<SimilarityGradient>;
  close(): Promise<void>;
}

/** Opens gradients as they are asked for. */
export function gradientPool(options: SessionOptions): Gradients {
  const open = new Map<string, Promise<SimilarityGradient>>();
  const known = new Map<string, boolean>();
  return {
    has({ encoder }) {
      const before = known.get(encoder.hash);
      if (before !== undefined) return before;
      const has = judgeEncoder(encoder).access === 'white-box';
      known.set(encoder.hash, has);
      return has;
    },
    of(judges) {
      const encoders = judges.map(({ encoder }) => encoder);
      const key = encoders.map(({ hash }) => hash).join(' ');
      const opened = open.get(key) ?? openSimilarityGradient(encoders, { ...options, sizePx: PERTURBED_PX });
      open.set(key, opened);
      return opened;
    },
    close: async () => {
      for (const gradient of await Promise.allSettled(open.values()))
        if (gradient.status === 'fulfilled') await gradient.value.close();
    },
  };
}
