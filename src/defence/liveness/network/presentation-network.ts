import type { Face } from '../../../face/face.ts';
import type { Image } from '../../../image/image.ts';

/** A frame, and where the face is that is judged. */
export interface FaceFrame {
  readonly image: Image;
  readonly face: Pick<Face, 'box'>;
}

/** A network that looks for traces of print, screen or mask in single frames: a presentation-attack (PA) network. */
export interface PresentationNetwork {
  readonly name: string;
  /** For each frame how probable it is that it shows a bona fide presentation, 0..1, as the network has it: whether that is so is what `measurePolarity` measures. */
  score(frames: readonly FaceFrame[]): Promise<number[]>;
  close(): Promise<void>;
}

/** Several networks as one: the mean of their scores, as Silent-Face fuses its two. It closes them all. */
export function fusedNetwork(name: string, networks: readonly PresentationNetwork[]): PresentationNetwork {
  return {
    name,
    score: async (frames) => {
      const all: number[][] = [];
      for (const network of networks) all.push(await network.score(frames));
      return frames.map((_, i) => all.reduce((sum, scores) => sum + (scores[i] ?? Number.NaN), 0) / all.length);
    },
    close: async () => {
      for (const network of networks) await network.close();
    },
  };
}
