import type { AttributeReader } from '../face/attribute-reader.ts';
import { type AttributeRule, attributeLeakage, attributeRule } from '../metric/attribute-inference.ts';
import { type Estimate, type Rate, wilson } from '../metric/intervals.ts';
import { Random } from '../util/random.ts';
import type { LabelledPortrait } from './load-portraits.ts';

/** How well a reader reads one attribute. */
export interface ReaderFigure {
  readonly attribute: string;
  /** Faces with the attribute, and without. */
  readonly present: number;
  readonly absent: number;
  /** Share of faces read rightly, called present above log-odds of 0; Wilson's interval. */
  readonly accuracy: Rate;
  /** Above the rule's threshold; interval by a bootstrap over people. */
  readonly balancedAccuracy: Estimate;
  readonly auc: Estimate;
  /** The rule's threshold. */
  readonly threshold: number;
}

/** What a reader says of faces: for each attribute that they are labelled with, all of them, and that some have and some have not. */
export interface ReaderScores {
  readonly attribute: string;
  readonly scores: readonly number[];
  readonly labels: readonly boolean[];
  readonly people: readonly string[];
}

/** Reads faces that are labelled. @param faces - pictures of the reader's view. */
export async function readerScores(
  reader: AttributeReader,
  faces: readonly LabelledPortrait[],
): Promise<ReaderScores[]> {
  const rows = await reader.read(faces.map(({ portrait }) => portrait));
  return reader.attributes.flatMap((attribute, a) => {
    const labels = faces.flatMap(({ attributes }) => attributes[attribute] ?? []);
    if (labels.length < faces.length || new Set(labels).size < 2) return [];
    const scores = rows.map((row) => row[a] as number);
    return [{ attribute, scores, labels, people: faces.map(({ person }) => person) }];
  });
}

/** The rule of the highest balanced accuracy for each attribute, to be used on other people. */
export function readerRules(read: readonly ReaderScores[]): Map<string, AttributeRule> {
  return new Map(read.map(({ attribute, scores, labels }) => [attribute, attributeRule(scores, labels)]));
}

/**
 * How well each attribute is read.
 *
 * @param rules - of {@link readerRules}, from other people; an attribute without one is called present above 0.
 */
export function readerFigures(
  read: readonly ReaderScores[],
  rules: ReadonlyMap<string, AttributeRule> = new Map(),
): ReaderFigure[] {
  return read.map((one) => {
    const rule = rules.get(one.attribute) ?? { threshold: 0, limits: [0] };
    const { present, absent, balancedAccuracy, auc } = attributeLeakage(one, rule, {
      random: new Random(`figures of ${one.attribute}`),
    });
    const right = one.scores.filter((score, i) => score > 0 === one.labels[i]).length;
    return {
      attribute: one.attribute,
      present,
      absent,
      accuracy: wilson(right, one.scores.length),
      balancedAccuracy,
      auc,
      threshold: rule.threshold,
    };
  });
}
