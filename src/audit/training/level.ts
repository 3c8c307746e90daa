/** By how much an attack must be better than guessing to count as a leak: 10 points of accuracy@1, or of a membership AUC. */
export const LEVEL_ABOVE_CHANCE = 0.1;

/** What follows the name of a measure where it is of people whom the audited encoder was not trained on. */
export const UNTRAINED = ', people not trained on';

/** Area under the curve from which on membership counts as given away; chance is 0.5. */
export const MEMBERSHIP_LEVEL = 0.5 + LEVEL_ABOVE_CHANCE;

/** People of whom photos must have been held out before membership is measured: intervals draw people, and of fewer a draw says nothing. */
export const LEAST_HELD_OUT_PEOPLE = 10;

/** Share of the training photos that an attack may find, at a false positive rate of 1 %, before it counts: ten times chance. */
export const FOUND_LEVEL = 0.1;

/** Attack accuracy from which on inversion counts, among so many people. */
export const accuracyLevel = (people: number): number => 1 / people + LEVEL_ABOVE_CHANCE;

/** What it is called how often a judge recognises the person in a face that was recovered from what a front lets through. */
export const RECOVERED = 'recovered face recognised';

/** What stands beside recovered faces: nothing was recovered for it. */
export const MEAN_FACE = 'the mean public face';
