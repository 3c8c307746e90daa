import type { Encoder } from './encoder.ts';

/**
 * An encoder that embeds in another way, such as from a cache or behind a defence; everything else stays that of the encoder, the count of queries and closing included.
 *
 * @param changes - the new way to embed, and a new id and hash where it makes another encoder of it.
 */
export function wrapEncoder(
  encoder: Encoder,
  changes: Pick<Encoder, 'embed'> & Partial<Pick<Encoder, 'id' | 'hash'>>,
): Encoder {
  const { id, hash, embeddingSize, view, graph } = encoder;
  return {
    id,
    hash,
    embeddingSize,
    view,
    ...(graph ? { graph } : {}),
    ...changes,
    get queries() {
      return encoder.queries;
    },
    close: () => encoder.close(),
  };
}
