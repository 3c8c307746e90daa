import type { AttributeAttack } from './attack.ts';
import { gradientHistograms } from './gradient-histograms.ts';
import { gaussianKernel } from './kernel-classifier.ts';
import { neighbourVote } from './neighbour-vote.ts';
import { portraitAttack } from './portrait-attack.ts';
import { logisticRegression, perceptron } from './trained-classifier.ts';

/** Every attribute-inference attack, on templates and on photos; a new one is its file and a line here. */
export const ATTRIBUTE_ATTACKS: readonly AttributeAttack[] = [
  logisticRegression,
  perceptron,
  gaussianKernel,
  neighbourVote,
  portraitAttack('cnn', 'convolutional network'),
  portraitAttack('residual', 'residual network'),
  gradientHistograms,
];
