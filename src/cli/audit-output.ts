import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ArgsDef } from 'citty';
import { type Findings, formatFindings, parseFindings } from '../audit/findings.ts';
import { type AuditStatus, auditStatus, type GateOptions } from '../audit/gate.ts';
import type { AuditRecord } from '../audit/provenance.ts';
import type { WorkFolder } from '../audit/work-folder.ts';
import { renderReport } from '../report/html.ts';
import { InputError } from '../util/errors.ts';
import { writeOutputFile } from './output-file.ts';
import { printJson, printLine } from './print.ts';
import { recordedCommand } from './recorded-command.ts';

/** Options of every audit: where its findings go, with what they are compared, and how it is gone on with. */
export const auditArgs = {
  calibration: {
    type: 'string',
    description:
      'thresholds of an encoder, as `faceward calibrate` writes them, for where --data has too few people; may be given several times',
    valueHint: 'file',
  },
  budget: {
    type: 'string',
    description:
      'time that the audit may take, about, such as 30m: where it does not suffice, fewer people are attacked',
    valueHint: 'time',
  },
  seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
  resume: { type: 'boolean', description: 'go on with the audit that was broken off in --out' },
  'show-faces': { type: 'boolean', description: 'put small, marked faces that the attack made into the report' },
  baseline: { type: 'string', description: 'findings.json of an earlier audit to compare with', valueHint: 'file' },
  json: { type: 'boolean', description: 'print the findings as JSON' },
} as const satisfies ArgsDef;

/** What findings say of the run that they are of, whatever was audited. */
export type RunRecord = Pick<
  AuditRecord,
  'version' | 'command' | 'seed' | 'startedAt' | 'seconds' | 'device' | 'ownership'
>;

/** The record of a run that ends now. */
export function runRecord(
  { device, ownership }: { readonly device: string; readonly ownership?: string | undefined },
  run: Pick<RunRecord, 'version' | 'seed' | 'startedAt'>,
): RunRecord {
  return {
    ...run,
    command: recordedCommand(process.argv.slice(2)),
    seconds: (Date.now() - run.startedAt.getTime()) / 1000,
    device,
    ...(ownership === undefined ? {} : { ownership }),
  };
}

/** Where an audit ends. */
export interface AuditEnding extends GateOptions {
  readonly out: string;
  readonly work: Pick<WorkFolder, 'remove'>;
  readonly baseline: Findings | undefined;
  /** Print the findings as JSON; else the verdict and where the files are. */
  readonly json: boolean;
}

/** Writes findings.json and report.html, each whole or not at all; then the work folder goes, the result is printed, and the exit status told. */
export async function finishAudit(findings: Findings, ending: AuditEnding): Promise<AuditStatus> {
  const { out, work, baseline, json } = ending;
  await writeOutputFile(join(out, 'findings.json'), formatFindings(findings));
  await writeOutputFile(join(out, 'report.html'), renderReport(findings, baseline ? { baseline } : {}));
  await work.remove();
  if (json) printJson(findings);
  else {
    printLine(`${findings.verdict.toUpperCase()}  ${findings.sentence}`);
    printLine();
    printLine(`report    ${resolve(out, 'report.html')}`);
    printLine(`findings  ${resolve(out, 'findings.json')}`);
  }
  return auditStatus(findings, ending);
}

/** The findings of an earlier audit to compare with; undefined where none were named. @throws InputError where they cannot be read. */
export async function readBaseline(path: string | undefined): Promise<Findings | undefined> {
  if (path === undefined) return undefined;
  try {
    return parseFindings(await readFile(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${path} cannot be read`, { cause, hint: 'give the findings.json of an earlier audit' });
  }
}

/** Faceward's version. */
export async function readVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
