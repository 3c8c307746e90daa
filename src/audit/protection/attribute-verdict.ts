import type { AttributeEdit, AttributeGoal, AttributeReading } from './attribute-receipt.ts';
import type { ReceiptEncoder, ReceiptTest } from './receipt.ts';
import type { Judgement } from './verdict.ts';

/** Probabilities between these are undecidable. */
const MIDDLE = [0.25, 0.75] as const;

/**
 * Judges the attributes of one face by readers that the edit was not made with. One that is hidden holds where every judge reads what was drawn, or, pushed to the middle,
 * reads neither, after every transformation. Where the draw agrees with what the face has, this photo shows nothing: it would look alike had nothing been done.
 */
export function judgeAttributes(
  { goals, readings, removal, bound }: Pick<AttributeEdit, 'goals' | 'readings' | 'removal' | 'bound'>,
  tests: readonly ReceiptTest[],
  encoders: readonly ReceiptEncoder[],
): Judgement {
  const match = matchWords(tests, encoders);
  const hidden = goals.filter(({ role }) => role === 'hidden');
  if (removal === null || hidden.length === 0) {
    return { verdict: 'untested', sentence: `Edited for looks, which hides nothing. ${match}` };
  }
  const states = hidden.map((goal) => ({ goal, state: stateOf(goal, readings) }));
  const named = (wanted: State): string[] =>
    states.filter(({ state }) => state === wanted).map(({ goal }) => goal.attribute);
  const [holding, leaking, agreeing, unread] = [named('holds'), named('leaks'), named('agrees'), named('unread')];
  const held = hidden.filter(({ outcome }) => outcome === 'not-within-budget').map(({ attribute }) => attribute);
  const sentence = [
    `Hidden attributes: ${[
      ...clause(holding, removal === 'draw' ? 'read as drawn' : 'undecidable'),
      ...clause(leaking, removal === 'draw' ? 'read otherwise than drawn' : 'still decidable'),
      ...clause(agreeing, 'drawn as the face has it, of which one photo shows nothing'),
      ...clause(unread, 'read by no judge'),
    ].join('; ')}.`,
    ...(held.length > 0
      ? [
          `The budget of the match with ${bound ?? 'an encoder'} did not allow more: ${held.join(', ')} cannot be hidden within it.`,
        ]
      : []),
    match,
  ].join(' ');
  return { verdict: verdictOf({ holding, leaking, unread }), sentence };
}

const clause = (names: readonly string[], what: string): string[] =>
  names.length === 0 ? [] : [`${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} ${what}`];

function verdictOf(names: Readonly<Record<'holding' | 'leaking' | 'unread', readonly string[]>>): Judgement['verdict'] {
  const { holding, leaking, unread } = names;
  if (holding.length === 0) return leaking.length > 0 ? 'does-not-protect' : 'untested';
  return leaking.length + unread.length > 0 ? 'protects-partly' : 'protects';
}

/** Whether the encoders that the edit was not made with, else those that it was, still take the face for the same person, in words. */
function matchWords(tests: readonly ReceiptTest[], encoders: readonly ReceiptEncoder[]): string {
  const judged = encoders
    .map(({ id, role }) => ({
      id,
      role,
      outcomes: tests.filter(({ encoder, recognised }) => encoder === id && recognised !== null),
    }))
    .filter(({ outcomes }) => outcomes.length > 0);
  if (judged.length === 0) return 'Whether the face is still recognised was not tested.';
  return judged
    .map(({ id, role, outcomes }) => {
      const kept = outcomes.filter(({ recognised }) => recognised).length;
      const how = role === 'used' ? 'used for the budget' : 'held out';
      if (kept === outcomes.length) return `Still recognised by ${id} (${how}).`;
      // What is not recognised in the clean photo either was not lost by the edit.
      const before = outcomes.filter(({ recognisedBefore }) => recognisedBefore !== null);
      const held = before.filter(({ recognisedBefore }) => recognisedBefore).length;
      const clean = held < before.length ? `; the clean photo in ${held}` : '';
      return `Recognised by ${id} (${how}) in ${kept} of ${outcomes.length} tests${clean}.`;
    })
    .join(' ');
}

type State = 'holds' | 'leaks' | 'agrees' | 'unread';

function stateOf({ attribute, target }: AttributeGoal, readings: readonly AttributeReading[]): State {
  const own = readings.filter((reading) => reading.attribute === attribute);
  if (own.length === 0) return 'unread';
  if (target !== 0 && own.every(({ before }) => agrees(before, target))) return 'agrees';
  return own.every(({ after }) => agrees(after, target)) ? 'holds' : 'leaks';
}

/** Whether a judge reads what was aimed at. */
export const agrees = (probability: number, target: number): boolean =>
  target === 0 ? probability >= MIDDLE[0] && probability <= MIDDLE[1] : probability > 0.5 === target > 0;
