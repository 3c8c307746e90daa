import { networkStudent } from './network-student.ts';
import { ridgeStudent } from './ridge-student.ts';
import type { LinkageStudent } from './student.ts';

/** Every student; a new one is its file and a line here. */
export const LINKAGE_STUDENTS: readonly LinkageStudent[] = [ridgeStudent, networkStudent];
