import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOnnx } from '../../src/formats/onnx/read.js';
import { summarise } from '../../src/graph/summary.js';
import { expectAgreement } from '../formats/onnx/agreement.js';
import { sketchedFile, weights } from '../formats/onnx/graphs.js';
import { espalier, start } from './espalier.js';
import { refused } from './refused.js';
import { writeTinyModel } from './tiny-model.js';

const DEVICE = ['--host', 'node', '--adapter', 'software'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-prune-'));
  await writeTinyModel(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const lastLine = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

describe('espalier prune', () => {
  test('leaves a smaller network that evaluate takes, and goes on to it after a kill', async () => {
    const own = ['--calibration', '8', '--budgets', 'uniform'];
    const flags = ['net.safetensors', '--data', 'data', ...own, ...DEVICE];
    const whole = await espalier(
      ['prune', ...flags, '--out', 'half.safetensors', '--report', 'report', '--json'],
      folder,
    );
    expect(whole.stderr).toContain('no better than guessing');
    expect(whole.stderr).toMatch(/8 pictures to calibrate with, fewer than the 16 channels of/);
    expect(whole.code).toBe(0);
    const summary = lastLine(whole.stdout);
    expect(summary).toMatchObject({ architecture: 'resnet8', out: 'half.safetensors' });
    expect(summary.pruned.multiplyAdds / summary.dense.multiplyAdds).toBeLessThanOrEqual(0.5);
    expect(summary.units).toHaveLength(3);
    expect(summary.bytes).toBe((await readFile(join(folder, 'half.safetensors'))).length);

    const args = ['evaluate', 'half.safetensors', '--data', 'data', ...DEVICE, '--json'];
    const evaluated = await espalier(args, folder);
    expect(lastLine(evaluated.stdout)).toMatchObject({
      accuracy: summary.pruned.accuracy,
      multiplyAdds: summary.pruned.multiplyAdds,
      parameters: summary.pruned.parameters,
    });

    const again = ['prune', ...flags, '--out', 'again.safetensors'];
    const killed = start(again, { cwd: folder });
    await killed.said(/conv1: \d+ of \d+ channels/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const resumed = await espalier(again, folder);
    expect(resumed.stderr).toMatch(/Going on: 0 units measured and [123] units? cut before/);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('The pruned network: again.safetensors');
    expect(await readFile(join(folder, 'again.safetensors'))).toEqual(
      await readFile(join(folder, 'half.safetensors')),
    );
    // Neither leaves anything beside what it was asked for.
    const html = await readFile(join(folder, 'report/report.html'), 'utf8');
    expect(html).toContain('<pre>espalier prune net.safetensors --data data --calibration 8');
    const { length: shown } = html.match(/<img src="data:image\/png;base64,/g) ?? [];
    expect(html).toContain(
      shown === 0 ? 'give the same answers' : `differ for ${shown} of the first 10 pictures`,
    );
    await rm(join(folder, 'report'), { recursive: true });
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(['again.safetensors', 'data', 'half.safetensors', 'net.safetensors']);
  }, 240_000);

  test('says that nothing is kept where nothing was done', async () => {
    const args = ['prune', 'net.safetensors', '--data', 'data', '--budgets', 'uniform', ...DEVICE];
    const interrupted = start(args, { cwd: folder });
    await interrupted.said(/pictures to calibrate with/);
    interrupted.child.kill('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect(stderr).toContain('Interrupted. Nothing was done yet that could be kept.');
    expect(code).toBe(130);
  });

  test('makes an ONNX file smaller, which ONNX Runtime answers with as the engine does', async () => {
    const dense = sketchedFile({
      nodes: [
        ['Conv', 'x w b', 'a', { strides: [4, 4] }],
        ['Relu', 'a', 'r'],
        ['Conv', 'r w2', 'c', { group: 12 }],
        ['Conv', 'c w3', 'd', { group: 3 }],
        ['GlobalAveragePool', 'd', 'g'],
        ['Flatten', 'g', 'f'],
        ['Gemm', 'f v', 'logits', { transB: 1 }],
      ],
      tensors: {
        w: weights(12, 3, 4, 4),
        b: weights(12),
        w2: weights(12, 1, 3, 3),
        w3: weights(6, 4, 1, 1),
        v: weights(10, 6),
      },
      input: ['n', 3, 32, 32],
    });
    await writeFile(join(folder, 'net.onnx'), dense);
    const flags = ['--data', 'data', '--calibration', '8', '--budgets', 'uniform', ...DEVICE];
    const { code, stdout } = await espalier(['prune', 'net.onnx', ...flags, '--json'], folder);
    expect(code).toBe(0);
    expect(lastLine(stdout)).toMatchObject({ out: 'net-pruned.onnx', architecture: 'net' });
    const bytes = await readFile(join(folder, 'net-pruned.onnx'));
    expect(bytes.length).toBeLessThan(dense.length);
    const { network } = readOnnx(bytes, 'net-pruned.onnx');
    expect(summarise(network.graph)).toMatchObject({
      multiplyAdds: lastLine(stdout).pruned.multiplyAdds,
      parameters: lastLine(stdout).pruned.parameters,
    });
    await expectAgreement(network, bytes);
    await rm(join(folder, 'net.onnx'));
    await rm(join(folder, 'net-pruned.onnx'));
  });

  test.each([
    ['--flops 0.5 --parameters 0.5', /--flops 0.5 does not go with --parameters 0.5/],
    ['--latency 0.5 --parameters 0.5', /--parameters 0.5 does not go with --latency 0.5/],
    ['--flops 1.5', /--flops must be a share above 0, and 1 at most, not 1.5/],
    ['--flops 0.001', /A budget of 0.00100 cannot be met: .* 0\.\d+ is left/],
    [
      '--out half.h5',
      /--out must be a file that ends in .onnx or .safetensors or .pth or .pt, not "half.h5"/,
    ],
    ['--distil', /--fine-tune must be a number of epochs from 1 on, not 0: .* answers are learned/],
    ['--controls', /--fine-tune must be a number of epochs from 1 on, not 0/],
  ] as const)('refuses %s before any work', async (flags, message) => {
    const args = ['prune', 'net.safetensors', '--data', 'data', ...flags.split(' ')];
    const { code, stderr } = await refused(args, folder);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect((await readdir(folder)).filter((name) => name.includes('pruning'))).toEqual([]);
  });
});
