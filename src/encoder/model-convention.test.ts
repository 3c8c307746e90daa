import { describe, expect, it } from 'vitest';
import { parseModelConvention } from './model-convention.ts';

const parse = (value: unknown) => parseModelConvention(JSON.stringify(value), 'model.json');

describe('parseModelConvention', () => {
  it('reads every key', () => {
    expect(
      parse({
        size: [96, 112],
        layout: 'NHWC',
        channels: 'bgr',
        range: '0..255',
        alignment: { template: 'arcface112', box: [8, 0, 96, 112] },
        flip: true,
        input: 'data',
        output: 'fc1',
      }),
    ).toEqual({
      widthPx: 96,
      heightPx: 112,
      box: { x: 8, y: 0, width: 96, height: 112 },
      layout: 'nhwc',
      channels: 'bgr',
      range: '0..255',
      flip: true,
      input: 'data',
      output: 'fc1',
    });
    expect(parse({})).toEqual({});
  });

  it('brings mean and std of bytes to 0..1', () => {
    const { range } = parse({ range: { mean: [127.5, 51, 0], std: 127.5, scale: 255 } });
    expect(range).toEqual({ mean: [0.5, 0.2, 0], deviation: [0.5, 0.5, 0.5] });
    expect(parse({ range: { mean: [0.5, 0.4, 0.3], std: 0.5 } }).range).toEqual({
      mean: [0.5, 0.4, 0.3],
      deviation: [0.5, 0.5, 0.5],
    });
  });

  it.each([
    [{ sise: 112 }, /sise/],
    [{ layout: 'chwn' }, /layout/],
    [{ range: { mean: 127.5, std: 128 } }, /range/],
    [{ range: { mean: 0.5, std: 0 } }, /range/],
    [{ alignment: { template: 'mine' } }, /template/],
    [[], /model\.json/],
  ])('refuses %j and says where', (value, message) => {
    expect(() => parse(value)).toThrow(
      expect.objectContaining({ code: 'input', message: expect.stringMatching(message) }),
    );
  });

  it('refuses what is no JSON', () => {
    expect(() => parseModelConvention('{', 'model.json')).toThrow('model.json is no JSON');
  });
});
