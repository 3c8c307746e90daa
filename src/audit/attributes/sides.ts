import type { Split } from '../../data/splits.ts';
import type { AttributeFace } from './faces.ts';

/** Faces of people to learn from, to fix thresholds on, and to be judged on; nobody is in two. */
export type Sides = Readonly<Record<Split, readonly AttributeFace[]>>;
