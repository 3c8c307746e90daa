import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import { toPlanar } from '../../image/tensor.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { AuditStore } from '../work-folder.ts';
import type { AttributeFace } from './faces.ts';

/** What an attacker has of a face: its template of one encoder, or its portrait. */
export interface Source {
  readonly kind: 'templates' | 'photos';
  /** Id of the encoder, or "portraits". */
  readonly target: string;
  readonly inputOf: (face: AttributeFace) => Float32Array;
}

/** The templates of the k-th encoder. */
export const templatesOf = (id: string, k: number): Source => ({
  kind: 'templates',
  target: id,
  inputOf: ({ embeddings }) => embeddings[k] ?? new Float32Array(),
});

export const PORTRAITS: Source = {
  kind: 'photos',
  target: 'portraits',
  inputOf: ({ portrait }) => toPlanar([portrait]),
};

/** Whether an attack works on what a source gives. */
export const fits = (attack: AttributeAttack, { kind }: Source): boolean =>
  attack.sees === (kind === 'templates' ? 'embedding' : 'portrait');

/** How attacks are trained, and where what they said is kept. */
export interface ReadingOptions extends JobOptions, SessionOptions {
  readonly seed: number;
  readonly store: AuditStore;
  /** Training steps of an attack; default: its own. */
  readonly steps?: number;
}

/** What an attack says of sets of faces: for each face the scores [A]. */
export type Readings<Name extends string> = Readonly<Record<Name, readonly Float32Array[]>>;

/**
 * Trains an attack on faces and has it read others; what it says is kept under `key`, and a resumed audit does not train again.
 *
 * @param training.labels - of the faces, [A] each; those that the attacker is told.
 */
export async function readAttributes<Name extends string>(
  attack: AttributeAttack,
  source: Source,
  training: { readonly faces: readonly AttributeFace[]; readonly labels: readonly (readonly boolean[])[] },
  judged: Readonly<Record<Name, readonly AttributeFace[]>>,
  options: ReadingOptions & { readonly key: string },
): Promise<Readings<Name>> {
  const { store, seed, steps, onProgress, signal, device, threads } = options;
  const key = `${options.key}: ${attack.id} on ${source.kind} of ${source.target}`;
  const names = Object.keys(judged) as Name[];
  const width = training.labels[0]?.length ?? 0;
  const total = names.reduce((sum, name) => sum + judged[name].length, 0) * width;
  const stored = await store.read(key);
  if (stored?.length === 4 * total) return split(new Float32Array(stored.buffer), names, judged, width);
  const model = await attack.train(
    { inputs: training.faces.map(source.inputOf), labels: training.labels },
    {
      seed,
      ...(steps === undefined ? {} : { steps }),
      ...(device === undefined ? {} : { device }),
      ...(threads === undefined ? {} : { threads }),
      ...(signal ? { signal } : {}),
      ...(onProgress
        ? { onProgress: (event) => onProgress({ ...event, stage: `${options.key}, ${source.target}: ${attack.name}` }) }
        : {}),
    },
  );
  try {
    const scores = new Float32Array(total);
    let at = 0;
    for (const name of names) {
      const faces = judged[name];
      for (let first = 0; first < faces.length; first += CHUNK) {
        for (const row of await model.score(faces.slice(first, first + CHUNK).map(source.inputOf))) {
          scores.set(row, at);
          at += width;
        }
      }
    }
    await store.write(key, new Uint8Array(scores.buffer));
    return split(scores, names, judged, width);
  } finally {
    await model.close();
  }
}

/** Portraits are four times as large as floats: so many are made at a time. */
const CHUNK = 256;

function split<Name extends string>(
  scores: Float32Array,
  names: readonly Name[],
  judged: Readonly<Record<Name, readonly AttributeFace[]>>,
  width: number,
): Readings<Name> {
  let at = 0;
  const entries = names.map((name) => {
    const rows = judged[name].map((_, i) => scores.slice(at + i * width, at + (i + 1) * width));
    at += judged[name].length * width;
    return [name, rows];
  });
  return Object.fromEntries(entries) as Readings<Name>;
}
