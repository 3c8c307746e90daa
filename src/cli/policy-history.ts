import type { AuditStore } from '../audit/work-folder.ts';
import { readCheckpoint, writeCheckpoint } from '../nn/checkpoint.ts';
import type { Weights } from '../nn/parameters.ts';
import type { TrainingState } from '../nn/training.ts';

/** Name under which the store keeps the history. */
const KEPT = 'policies';

/** What a strategy network was, at times spread over its training: what a training has mixed, it has mixed by all of them. */
export interface PolicyHistory {
  /** Keeps the policy of a state. To be called before the state itself is kept, so that a resumed training has them all. */
  add(state: TrainingState): Promise<void>;
  /** In the order of their steps; none where nothing was learnt. */
  policies(): readonly Weights[];
}

/** Opens the history of a training, with what an earlier run kept. */
export async function openPolicyHistory(store: AuditStore): Promise<PolicyHistory> {
  const kept = await store.read(KEPT);
  const tensors = new Map(kept ? readCheckpoint(kept).tensors : []);
  return {
    async add({ step, tensors: state }) {
      for (const [name, tensor] of state) if (name.startsWith('strategy.')) tensors.set(`${step}/${name}`, tensor);
      await store.write(KEPT, writeCheckpoint({ step, tensors, average: new Map() }));
    },
    policies() {
      const steps = Map.groupBy(tensors, ([name]) => Number(name.slice(0, name.indexOf('/'))));
      return [...steps]
        .toSorted(([a], [b]) => a - b)
        .map(
          ([step, own]): Weights =>
            new Map(
              own.flatMap(([name, tensor]) =>
                tensor.dtype === 'float32' ? [[name.slice(`${step}/`.length), tensor] as const] : [],
              ),
            ),
        );
    },
  };
}
