import { join } from 'node:path';
import { openWorkFolder, type WorkFolder } from '../audit/work-folder.ts';
import { isFile } from '../data/photo-files.ts';
import { cacheDirectory } from './cache-directory.ts';
import { printNote } from './print.ts';

/**
 * Opens the work folder of an audit inside its output folder, and says so where there is nothing to go on with.
 *
 * @param plan - everything that decides the figures: work of another plan is not gone on with.
 */
export async function openAuditWork(
  plan: Readonly<Record<string, unknown>>,
  { out, resume = false }: { readonly out: string; readonly resume?: boolean | undefined },
): Promise<WorkFolder> {
  const folder = join(out, 'work');
  if (resume && !(await isFile(join(folder, 'plan.json'))))
    printNote(`there is no unfinished audit in ${out}: it begins anew`);
  return openWorkFolder(folder, plan, { resume, keyFile: join(cacheDirectory(), 'audit.key') });
}
