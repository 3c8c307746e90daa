import type { Findings } from './findings.ts';

/** Exit status of an audit that ran to its end: 0 done, 3 the gate that was asked for failed, 4 inconclusive. */
export type AuditStatus = 0 | 3 | 4;

/** What can be asked of an audit so that it gates a build. */
export interface GateOptions {
  /** Fails the build where this is the verdict: that the target leaks, or is fooled. */
  readonly failOn?: 'leaks' | 'fooled' | undefined;
}

/** The exit status that the findings give; an inconclusive audit never passes as done, whether or not a gate was asked for. */
export function auditStatus(findings: Pick<Findings, 'verdict'>, { failOn }: GateOptions = {}): AuditStatus {
  if (findings.verdict === 'inconclusive') return 4;
  return failOn === findings.verdict ? 3 : 0;
}
