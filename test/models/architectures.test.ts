import { describe, expect, test } from 'vitest';
import { findMisfits } from '../../src/graph/fit.js';
import { listParameters } from '../../src/graph/parameters.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { summarise } from '../../src/graph/summary.js';
import {
  ARCHITECTURES,
  buildArchitecture,
  fitArchitecture,
  recogniseArchitectures,
  STEMS,
  type Stem,
} from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';

/** Names and shapes of an architecture's parameters, as `name [shape]`. */
function parameterShapes(name: string, stem?: Stem): string[] {
  return listParameters(buildArchitecture(name, stem && { stem })).map(
    (parameter) => `${parameter.name} [${parameter.shape.join(', ')}]`,
  );
}

describe('counts as published', () => {
  // ResNet-20 is also quoted with 272,474 parameters: that is the one with 1 × 1 convolutions as
  // shortcuts, 2,752 more. The trained networks of akamaster have none.
  test.each<[string, Stem, { multiplyAdds?: number; parameters: number }]>([
    ['resnet8', 'cifar', { multiplyAdds: 12_501_632, parameters: 78_186 }],
    ['resnet20', 'cifar', { multiplyAdds: 40_551_040, parameters: 269_722 }],
    ['resnet56', 'cifar', { multiplyAdds: 125_485_696, parameters: 853_018 }],
    ['resnet18', 'imagenet', { multiplyAdds: 1_814_073_344, parameters: 11_689_512 }],
    ['resnet34', 'imagenet', { multiplyAdds: 3_663_761_408, parameters: 21_797_672 }],
    ['mobilenet-v2', 'imagenet', { multiplyAdds: 300_774_272, parameters: 3_504_872 }],
    ['vgg16', 'imagenet', { multiplyAdds: 15_470_264_320, parameters: 138_365_992 }],
    ['mobilenet-v2', 'cifar', { parameters: 2_236_682 }],
    ['vgg16', 'cifar', { parameters: 14_728_266 }],
  ])('%s, stem %s', (name, stem, expected) => {
    expect(summarise(buildArchitecture(name, { stem }))).toMatchObject(expected);
  });

  test('ResNet-34 for CIFAR: 1.16 G multiply-adds, 21.3 M parameters', () => {
    const { multiplyAdds, parameters } = summarise(buildArchitecture('resnet34'));
    expect(multiplyAdds / 1e9).toBeCloseTo(1.16, 2);
    expect(parameters / 1e6).toBeCloseTo(21.3, 1);
  });
});

describe('parameters have the names and shapes of their sources', () => {
  test('resnet20 and resnet56: akamaster', () => {
    const norm = (name: string, channels: number) =>
      ['weight', 'bias', 'running_mean', 'running_var'].map(
        (part) => `${name}.${part} [${channels}]`,
      );
    const expected = (blocks: number) => [
      'conv1.weight [16, 3, 3, 3]',
      ...norm('bn1', 16),
      ...[16, 32, 64].flatMap((channels, stage) =>
        Array.from({ length: blocks }, (_, block) => {
          const name = `layer${stage + 1}.${block}`;
          const inputs = stage > 0 && block === 0 ? channels / 2 : channels;
          return [
            `${name}.conv1.weight [${channels}, ${inputs}, 3, 3]`,
            ...norm(`${name}.bn1`, channels),
            `${name}.conv2.weight [${channels}, ${channels}, 3, 3]`,
            ...norm(`${name}.bn2`, channels),
          ];
        }).flat(),
      ),
      'linear.weight [10, 64]',
      'linear.bias [10]',
    ];
    expect(parameterShapes('resnet20')).toEqual(expected(3));
    expect(parameterShapes('resnet56')).toEqual(expected(9));
  });

  test('resnet18: torchvision', () => {
    const names = parameterShapes('resnet18', 'imagenet');
    expect(names).toHaveLength(102);
    expect(names).toEqual(
      expect.arrayContaining([
        'conv1.weight [64, 3, 7, 7]',
        'layer1.1.bn2.running_var [64]',
        'layer2.0.conv1.weight [128, 64, 3, 3]',
        'layer2.0.downsample.0.weight [128, 64, 1, 1]',
        'layer4.0.downsample.1.running_mean [512]',
        'layer4.1.conv2.weight [512, 512, 3, 3]',
        'fc.weight [1000, 512]',
        'fc.bias [1000]',
      ]),
    );
    expect(names.filter((name) => name.includes('downsample'))).toHaveLength(15);
    expect(parameterShapes('resnet18', 'cifar')[0]).toBe('conv1.weight [64, 3, 3, 3]');
  });

  test('mobilenet-v2: torchvision', () => {
    const names = parameterShapes('mobilenet-v2', 'imagenet');
    expect(names).toHaveLength(262);
    expect(names).toEqual(
      expect.arrayContaining([
        'features.0.0.weight [32, 3, 3, 3]',
        'features.1.conv.0.0.weight [32, 1, 3, 3]',
        'features.1.conv.1.weight [16, 32, 1, 1]',
        'features.1.conv.2.running_mean [16]',
        'features.2.conv.0.0.weight [96, 16, 1, 1]',
        'features.2.conv.1.1.bias [96]',
        'features.17.conv.2.weight [320, 960, 1, 1]',
        'features.17.conv.3.weight [320]',
        'features.18.0.weight [1280, 320, 1, 1]',
        'classifier.1.weight [1000, 1280]',
      ]),
    );
  });

  test('vgg16: torchvision, and one linear layer for CIFAR', () => {
    expect(parameterShapes('vgg16', 'imagenet')).toEqual(
      expect.arrayContaining([
        'features.0.weight [64, 3, 3, 3]',
        'features.0.bias [64]',
        'features.7.weight [128, 64, 3, 3]',
        'features.40.weight [512, 512, 3, 3]',
        'features.41.running_var [512]',
        'classifier.0.weight [4096, 25088]',
        'classifier.6.bias [1000]',
      ]),
    );
    expect(parameterShapes('vgg16', 'cifar').slice(-2)).toEqual([
      'classifier.weight [10, 512]',
      'classifier.bias [10]',
    ]);
  });

  test('resnet8: as the ResNets for CIFAR, biases and 1 × 1 convolutions as shortcuts', () => {
    expect(parameterShapes('resnet8')).toEqual(
      expect.arrayContaining([
        'conv1.bias [16]',
        'layer2.0.shortcut.weight [32, 16, 1, 1]',
        'layer3.0.conv1.weight [64, 32, 3, 3]',
        'layer3.0.shortcut.bias [64]',
        'linear.weight [10, 64]',
      ]),
    );
    const strided = buildArchitecture('resnet8').nodes.find(
      ({ name }) => name === 'layer2.0.conv1',
    );
    expect(strided).toMatchObject({ padding: { top: 0, left: 0, bottom: 1, right: 1 } });
  });
});

describe('width, classes and input', () => {
  const forms = ARCHITECTURES.flatMap(({ name, stems }) =>
    STEMS.filter((stem) => stem in stems).map((stem) => [name, stem] as const),
  );
  test.each(forms)('%s, stem %s, is built at any width', (name, stem) => {
    for (const width of [0.3, 0.5, 2]) {
      const graph = buildArchitecture(name, { stem, width, classes: 7 });
      expect(inferShapes(graph).get(graph.output)).toEqual({ channels: 7, height: 1, width: 1 });
    }
  });

  test('MobileNetV2 at other widths has the published parameters', () => {
    const parameters = (width: number) =>
      summarise(buildArchitecture('mobilenet-v2', { stem: 'imagenet', width })).parameters;
    expect(parameters(0.5)).toBe(1_968_680);
    expect(parameters(1.4)).toBe(6_108_776);
  });

  test('pictures of another size, or grey', () => {
    const input = { channels: 1, height: 45, width: 28 };
    const graph = buildArchitecture('resnet8', { input });
    expect(inferShapes(graph).get('layer3.0.relu2')).toEqual({
      channels: 64,
      height: 12,
      width: 7,
    });
  });

  test('what is out of range is refused by name', () => {
    expect(() => buildArchitecture('resnet9')).toThrow(
      'architecture must be one of resnet8, resnet20, resnet32, resnet44, resnet56, resnet18, resnet34, mobilenet-v2, vgg16, not "resnet9".',
    );
    expect(() => buildArchitecture('resnet20', { stem: 'imagenet' })).toThrow(
      'stem must be cifar for resnet20, not "imagenet".',
    );
    expect(() => buildArchitecture('resnet20', { width: 0 })).toThrow(
      'width must be a number above 0 and at most 64, not 0',
    );
    expect(() => buildArchitecture('resnet20', { classes: 2.5 })).toThrow('not 2.5');
  });
});

describe('tensors of a file', () => {
  const drawn = (name: string, options: Parameters<typeof buildArchitecture>[1] = {}) =>
    new Map(drawWeights(buildArchitecture(name, options), 1));

  test('say width, classes and stem', () => {
    const graph = buildArchitecture('resnet18', { stem: 'imagenet', width: 0.5, classes: 3 });
    expect(fitArchitecture('resnet18', drawWeights(graph, 1)).network.graph).toEqual(graph);
  });

  test('fit every architecture that has their names and shapes', () => {
    expect(recogniseArchitectures(drawn('resnet32')).map(({ name }) => name)).toEqual(['resnet32']);
    const mobilenet = recogniseArchitectures(drawn('mobilenet-v2', { stem: 'imagenet' }));
    expect(mobilenet.map(({ stem }) => stem)).toEqual(['imagenet', 'cifar']);
  });

  test('of another architecture are refused, and theirs is named', () => {
    expect(() => fitArchitecture('resnet20', drawn('resnet56'))).toThrow(
      'The weights are not those of resnet20: "layer1.3.conv1.weight" [16, 16, 3, 3] belongs to no node; "layer1.3.bn1.weight" [16] belongs to no node; "layer1.3.bn1.bias" [16] belongs to no node; "layer1.3.bn1.running_mean" [16] belongs to no node; 176 more. They are those of resnet56 (cifar).',
    );
  });

  test('of no architecture are refused by what is wrong with them', () => {
    const pruned = drawn('resnet20').set('layer1.0.conv1.weight', {
      shape: [7, 16, 3, 3],
      data: new Float32Array(7 * 16 * 9),
    });
    expect(recogniseArchitectures(pruned)).toEqual([]);
    expect(() => fitArchitecture('resnet20', pruned)).toThrow(
      'The weights are not those of resnet20: layer1.0.conv1.weight should be [16, 16, 3, 3], not [7, 16, 3, 3].',
    );
  });
});

describe('weights to begin with', () => {
  const graph = buildArchitecture('resnet20', { width: 2 });
  const weights = drawWeights(graph, 7);
  const moments = (data: Float32Array) => {
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    return {
      mean,
      variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length,
    };
  };

  test('fit the graph, and are the same bits for the same seed and name alone', () => {
    expect(findMisfits(graph, weights)).toEqual([]);
    const name = 'layer2.0.conv1.weight';
    const bits = (own: ReturnType<typeof drawWeights>) => own.get(name)!.data.join();
    const deeper = buildArchitecture('resnet56', { width: 2 });
    expect(bits(drawWeights(graph, 7))).toBe(bits(weights));
    expect(bits(drawWeights(deeper, 7))).toBe(bits(weights));
    expect(bits(drawWeights(graph, 8))).not.toBe(bits(weights));
  });

  test("have PyTorch's spread", () => {
    const { data } = weights.get('layer3.1.conv1.weight')!;
    const { mean, variance } = moments(data);
    const expected = 2 / (128 * 9);
    // Four standard errors of a mean and of a variance of normal draws.
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / data.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / data.length));
    for (const name of ['linear.weight', 'linear.bias']) {
      const own = weights.get(name)!.data;
      const bound = 1 / Math.sqrt(128);
      expect(Math.max(...own.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
      expect(Math.max(...own.map(Math.abs))).toBeGreaterThan(bound / 2);
    }
    expect(weights.get('bn1.weight')!.data).toEqual(new Float32Array(32).fill(1));
    expect(weights.get('bn1.running_var')!.data).toEqual(new Float32Array(32).fill(1));
    expect(weights.get('bn1.bias')!.data).toEqual(new Float32Array(32));
  });

  test('a bias of a convolution is 0', () => {
    const own = drawWeights(buildArchitecture('resnet8'), 7);
    expect(own.get('conv1.bias')!.data).toEqual(new Float32Array(16));
  });
});
