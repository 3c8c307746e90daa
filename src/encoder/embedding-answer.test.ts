import { describe, expect, it } from 'vitest';
import { parseEmbedding } from './embedding-answer.ts';

describe('parseEmbedding', () => {
  it.each([
    '[1.5, -2]',
    '[[1.5, -2]]',
    '{"embedding": [1.5, -2], "model": "x"}',
    '{"embeddings": [[1.5, -2]]}',
    '{"object": "list", "data": [{"index": 0, "embedding": [1.5, -2]}]}',
  ])('reads %s', (text) => {
    expect([...parseEmbedding(text, 'it', 2)]).toEqual([1.5, -2]);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"embedding": ["1"]}',
    '{"embeddings": [[1, 2], [3, 4]]}',
    '[1, null]',
    '[1e39, 0]',
    '[1, 2, 3]',
  ])('refuses %s', (text) => {
    expect(() => parseEmbedding(text, 'it', 2)).toThrow(expect.objectContaining({ code: 'capability' }));
  });

  it('keeps numbers out of its messages', () => {
    for (const text of ['[0.123456, 0.2, 0.3]', '{"vector": [0.123456]}', '[0.123456,']) {
      expect(() => parseEmbedding(text, 'it', 2)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('0.123') }),
      );
    }
  });
});
