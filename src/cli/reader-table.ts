import type { ReaderFigure } from '../audit/reader-figures.ts';
import type { Estimate } from '../metric/intervals.ts';
import { table } from './print.ts';

/** How well each attribute is read, as a table, with the means of all. */
export function readerTable(figures: readonly ReaderFigure[]): string {
  const mean = (of: (figure: ReaderFigure) => number): string =>
    percentOf(figures.reduce((sum, figure) => sum + of(figure), 0) / figures.length);
  return table([
    ['attribute', 'with', 'without', 'accuracy', 'balanced accuracy', 'AUC'],
    ...figures.map((figure) => [
      figure.attribute,
      String(figure.present),
      String(figure.absent),
      range({ value: figure.accuracy.rate, low: figure.accuracy.low, high: figure.accuracy.high }),
      range(figure.balancedAccuracy),
      range(figure.auc),
    ]),
    [
      `mean of ${figures.length}`,
      '',
      '',
      mean(({ accuracy }) => accuracy.rate),
      mean(({ balancedAccuracy }) => balancedAccuracy.value),
      mean(({ auc }) => auc.value),
    ],
  ]);
}

const percentOf = (share: number): string => (100 * share).toFixed(1);

const range = ({ value, low, high }: Estimate): string => `${percentOf(value)} (${percentOf(low)}-${percentOf(high)})`;
