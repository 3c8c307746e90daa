import { z } from 'zod';
import { InputError } from '../../../util/errors.ts';
import type { Signer } from './signature.ts';
import { readClaims, signClaims } from './signed-claims.ts';

const PERMISSION = z.strictObject({
  ownership: z.string().trim().min(1).max(1000),
  subjects: z.array(z.string().min(1).max(200)).min(1).max(1000),
  expiresMs: z.int().nonnegative(),
});

/** What an owner allows an audit: until `expiresMs` captures that claim to be one of `subjects` are judged although they bear our own mark. */
export type AuditPermission = Readonly<z.infer<typeof PERMISSION>>;

/**
 * A token for an audit of the owner's own verification. It lets nobody in: a capture that it is shown with is judged, and never passes (`submitCapture`).
 *
 * @param permission.ownership - who says that the verification is theirs; goes into all evidence.
 * @param permission.subjects - made for the audit, best of nobody: what the audit makes of them says nothing of people.
 * @throws InputError where the ownership or the subjects are empty, or something is too long.
 */
export async function issueAuditToken(permission: AuditPermission, signer: Signer): Promise<string> {
  const { data, error } = PERMISSION.safeParse(permission);
  if (!data)
    throw new InputError(
      `not a permission for an audit: ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`,
      {
        hint: 'say whose verification it is, which subjects are audited, and until when',
      },
    );
  return signClaims('liveness audit', data, signer);
}

/** What a token allows for this subject at this time; undefined where it allows nothing: not signed by us, expired, or for other subjects. */
export async function readAuditToken(
  token: string,
  { subject, nowMs }: { readonly subject: string; readonly nowMs: number },
  signer: Signer,
): Promise<AuditPermission | undefined> {
  const permission = await readClaims('liveness audit', token, PERMISSION, signer);
  return permission && nowMs < permission.expiresMs && permission.subjects.includes(subject) ? permission : undefined;
}
