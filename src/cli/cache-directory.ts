import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where translated models and embeddings are kept between runs: `$FACEWARD_CACHE`, else the system's own place for caches.
 *
 * It is never needed twice: deleting it costs time alone.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.FACEWARD_CACHE) return environment.FACEWARD_CACHE;
  return join(systemCaches(environment), 'faceward');
}

function systemCaches(environment: NodeJS.ProcessEnv): string {
  if (environment.XDG_CACHE_HOME) return environment.XDG_CACHE_HOME;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32' && environment.LOCALAPPDATA) return environment.LOCALAPPDATA;
  return join(homedir(), '.cache');
}
