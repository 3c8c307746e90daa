/**
 * The balanced accuracy from which reading an attribute counts as a leak: chance is 50 %. A choice, and stated in every report: ten points keep what is significant only because the
 * sample is huge from reading as a leak.
 */
export const ATTRIBUTE_LEVEL = 0.6;
