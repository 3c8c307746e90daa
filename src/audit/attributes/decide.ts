import { formatInterval, formatPercent } from '../figures.ts';
import type { Leakage, Recognition, SelfTest, Verdict } from '../findings.ts';
import { ATTRIBUTE_LEVEL } from './level.ts';
import { PROTECTED } from './protection.ts';

/** What a verdict on attributes rests on. */
export interface AttributeEvidence {
  /** Id of the audited encoder. */
  readonly target: string;
  readonly asked: readonly string[];
  readonly leakage: readonly Leakage[];
  readonly recognition: readonly Recognition[];
  readonly selfTests: readonly SelfTest[];
  /** Whether protected photos were given: then they are what is judged. */
  readonly isProtected: boolean;
  /** Protected photos that attackers who know the protection learnt from, as a share of the original photos that the others learnt from; nothing where no protected photos were given. */
  readonly protectedShare?: number;
}

export interface AttributeDecision {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** Attackers who learnt from fewer protected photos than this share of the original ones are too weak to clear a protection. */
const ENOUGH_TO_CLEAR = 0.5;

/**
 * Decides what may be said of an encoder's templates or, where protected photos were given, of these; pure.
 *
 * - *inconclusive* where a self-test did not hold or none was run, or an attribute that was asked for could not be measured;
 * - *leaks* where the lower bound of any attack's balanced accuracy on an attribute that was asked for is above {@link ATTRIBUTE_LEVEL}. Of protected photos every attack counts: on templates
 *   and portraits, whether it knows the protection or not, after whatever was done to the photo;
 * - *leaks-little* where every upper bound is under the level, that of the rule turned round too; and, of protected photos, attackers who were trained on about as many such photos were among them
 *   for each attribute, and original photos do leak it. There is no "safe";
 * - else *inconclusive*: more people are needed.
 */
export function decideAttributes(evidence: AttributeEvidence): AttributeDecision {
  const failed = evidence.selfTests.find(({ held }) => !held);
  const nothing = (why: string): AttributeDecision => ({
    verdict: 'inconclusive',
    sentence: `Nothing can be said yet: ${why}.`,
  });
  if (failed) return nothing(`a self-test failed, ${failed.name}: ${failed.sentence}`);
  if (evidence.selfTests.length === 0) return nothing('no self-test was run');
  const deciding = decidingLeakage(evidence);
  const strongest = strongestReadings(evidence);
  const [first] = strongest;
  if (!first) return nothing('too few people have these attributes, or lack them');
  const leaking = strongest.filter(({ balancedAccuracy }) => balancedAccuracy.low > ATTRIBUTE_LEVEL);
  if (leaking.length > 0) return { verdict: 'leaks', sentence: leakSentence(evidence, leaking) };
  const unmeasured = evidence.asked.find((name) => !strongest.some(({ attribute }) => attribute === name));
  if (unmeasured !== undefined) return nothing(`too few people have ${unmeasured}, or lack it`);
  const untested = evidence.isProtected ? untestedProtection(evidence, deciding) : undefined;
  if (untested !== undefined) return nothing(untested);
  // What is read wrongly more often than rightly is read by the rule turned round.
  const open = deciding.filter(({ balancedAccuracy: { low, high } }) => Math.max(high, 1 - low) >= ATTRIBUTE_LEVEL);
  if (open.length === 0) return { verdict: 'leaks-little', sentence: littleSentence(evidence, first) };
  return {
    verdict: 'inconclusive',
    sentence: `Too uncertain to say: at most, ${reading(first)}. More people (--people) would narrow the interval.`,
  };
}

/** Why attackers who read nothing off protected photos clear nothing; undefined where they do. */
function untestedProtection(
  { asked, leakage, protectedShare = 0 }: AttributeEvidence,
  deciding: readonly Leakage[],
): string | undefined {
  if (!deciding.some(({ adaptive }) => adaptive))
    return 'no attacker was trained on protected photos, since too few of training and calibration people were given';
  const unknown = asked.find((name) => !deciding.some(({ adaptive, attribute }) => adaptive && attribute === name));
  if (unknown !== undefined)
    return `no attacker was trained to read ${unknown} off protected photos, since too few of calibration people have it, or lack it`;
  if (protectedShare < ENOUGH_TO_CLEAR)
    return `attackers who know the protection learnt from ${formatPercent(protectedShare)} of the training people’s photos only, since the others have no protected one`;
  const unread = asked.find(
    (name) =>
      !leakage.some(
        ({ attribute, protection, subgroup, balancedAccuracy }) =>
          attribute === name && protection === null && subgroup === null && balancedAccuracy.low > ATTRIBUTE_LEVEL,
      ),
  );
  return unread && `these attackers do not read ${unread} off original photos either, so that hiding it shows nothing`;
}

/** The rows that a verdict rests on. */
function decidingLeakage({
  target,
  leakage,
  isProtected,
}: Pick<AttributeEvidence, 'target' | 'leakage' | 'isProtected'>): Leakage[] {
  return leakage.filter((row) => {
    if (!row.asked || row.subgroup !== null) return false;
    return isProtected
      ? row.protection === PROTECTED
      : row.protection === null && row.source === 'templates' && row.target === target;
  });
}

/** Of each attribute the reading that decides, the clearest first. */
export function strongestReadings(evidence: Pick<AttributeEvidence, 'target' | 'leakage' | 'isProtected'>): Leakage[] {
  const byAttribute = Map.groupBy(decidingLeakage(evidence), ({ attribute }) => attribute);
  return [...byAttribute.values()]
    .flatMap((rows) => rows.toSorted((a, b) => b.balancedAccuracy.low - a.balancedAccuracy.low).slice(0, 1))
    .toSorted((a, b) => b.balancedAccuracy.low - a.balancedAccuracy.low);
}

function reading({
  attribute,
  attack,
  balancedAccuracy,
  source,
  target,
  adaptive,
  protection,
  transformation,
}: Leakage): string {
  const of = source === 'templates' ? `templates of ${target}` : 'the portrait';
  const knows = protection === null ? '' : adaptive ? ', trained on protected photos' : ', trained on original photos';
  const after = transformation === null ? '' : `, the photo ${transformation}`;
  return `${attribute} is read in ${formatPercent(balancedAccuracy.value)} (balanced accuracy, interval ${formatInterval(balancedAccuracy)}; chance 50 %) by ${attack} on ${of}${knows}${after}`;
}

function leakSentence(evidence: AttributeEvidence, leaking: readonly Leakage[]): string {
  if (!evidence.isProtected) {
    const list = leaking.map(
      ({ attribute, attack, balancedAccuracy }) =>
        `${attribute} in ${formatPercent(balancedAccuracy.value)} (interval ${formatInterval(balancedAccuracy)}; ${attack})`,
    );
    return `Templates of ${evidence.target} give away attributes that nobody enrolled: ${list.join(', ')}, as balanced accuracy on people whom the attacker has never seen; chance is 50 %.`;
  }
  return `The protected photos still give attributes away: ${leaking.map(reading).join('; ')}.${keptSentence(evidence)}`;
}

function littleSentence(evidence: AttributeEvidence, strongest: Leakage): string {
  const what = evidence.isProtected ? 'the protected photos' : `templates of ${evidence.target}`;
  return `These attackers learn little from ${what}: at most, ${reading(strongest)}. Other attackers may do better.${evidence.isProtected ? keptSentence(evidence) : ''}`;
}

/** What the protection leaves of recognition, by the encoder that does worst. */
function keptSentence({ recognition }: AttributeEvidence): string {
  const rows = recognition.flatMap(({ comparison, transformation, subgroup, matched, target }) =>
    comparison === 'protected with original' && transformation === null && subgroup === null && matched
      ? [{ target, matched }]
      : [],
  );
  const [worst] = rows.toSorted((a, b) => a.matched.rate - b.matched.rate);
  if (!worst) return '';
  return ` At the threshold of the original photos ${worst.target} matches ${formatPercent(worst.matched.rate)} of genuine pairs (${formatInterval(worst.matched)}).`;
}
