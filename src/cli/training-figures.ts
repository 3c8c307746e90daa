import { InputError } from '../util/errors.ts';
import type { JobOptions, ProgressEvent } from '../util/progress.ts';

/** Steps whose figures are averaged: one batch alone says little. */
const STEPS_KEPT = 50;

/** What a training said of its losses. */
export interface TrainingFigures<T extends JobOptions> {
  /** The job to hand on. */
  readonly job: T & Required<Pick<JobOptions, 'onProgress'>>;
  /** The means of the last steps in words: `mean of the last 50 steps: loss 0.104, …`; undefined where no step was made. */
  summary(): string | undefined;
}

/**
 * Watches the figures that a training reports.
 *
 * The job's `onProgress` throws InputError at the first loss that is no number: what follows could only be a broken model.
 */
export function watchFigures<T extends JobOptions>(job: T): TrainingFigures<T> {
  const last: Readonly<Record<string, number>>[] = [];
  const onProgress = (event: ProgressEvent): void => {
    job.onProgress?.(event);
    if (!event.figures) return;
    if (!Object.values(event.figures).every(Number.isFinite)) {
      throw new InputError(`the training came apart at step ${event.done}: its loss is no number any more`, {
        hint: 'take a lower --learning-rate, and begin anew',
      });
    }
    last.push(event.figures);
    if (last.length > STEPS_KEPT) last.shift();
  };
  return {
    job: { ...job, onProgress },
    summary: () => {
      const names = Object.keys(last[0] ?? {});
      if (names.length === 0) return undefined;
      const means = names.map((name) => {
        const mean = last.reduce((sum, figures) => sum + (figures[name] ?? 0), 0) / last.length;
        return `${name} ${Number(mean.toPrecision(4))}`;
      });
      const steps = last.length === 1 ? 'the last step' : `the last ${last.length} steps`;
      return `mean of ${steps}: ${means.join(', ')}`;
    },
  };
}
