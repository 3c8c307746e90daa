export { dequantiseWeights, quantiseWeights } from '../graph/quantisation.ts';
