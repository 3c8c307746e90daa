import type { z } from 'zod';
import { fromHex, toHex } from '../../../util/hex.ts';
import type { SignedKind, Signer } from './signature.ts';

/** Claims as a word that carries our signature: their JSON in hexadecimal digits, a dot, the signature. Whoever has it can read it. */
export async function signClaims(kind: SignedKind, claims: unknown, signer: Signer): Promise<string> {
  const text = toHex(new TextEncoder().encode(JSON.stringify(claims)));
  return `${text}.${await signer.sign(kind, text)}`;
}

/** The claims of such a word; undefined where we did not sign it, or its claims are of another version of this program. */
export async function readClaims<T>(
  kind: SignedKind,
  word: string,
  schema: z.ZodType<T>,
  signer: Signer,
): Promise<T | undefined> {
  const [text = '', signature = '', ...more] = word.split('.');
  if (more.length > 0 || !(await signer.verify(kind, text, signature))) return undefined;
  const bytes = fromHex(text);
  return bytes && schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
}
