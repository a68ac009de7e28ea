import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readBrought } from '../../demo/state/bring.js';
import { curveOfFile, halfwayPoint } from '../../demo/state/halfway.js';
import { defaultsFor } from '../../demo/state/settings.js';
import { EspalierError } from '../../src/errors.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { datasetFile } from '../../src/experiment/run-files.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { randomStream } from '../../src/random.js';
import { MUTANTS } from '../fuzz.js';

const CSV = [1, 3, 5, 7, 9].map((label) => `${label},0,50,100,20${label}\n`).join('');

const SETTINGS = { task: 'parity', examples: 4, width: 3, batch: 2, iterations: 1e9 } as const;
const CONFIG = JSON.stringify(parseRunConfig(SETTINGS));

/** A run's weights as the file of this iteration. */
function weightsAt(iteration: number): File {
  const bytes = encodeSafetensors({
    'hidden.weight': { dtype: 'F32', shape: [3, 5], data: new Float32Array(15) },
    'output.weight': { dtype: 'F32', shape: [3, 1], data: new Float32Array(3) },
  });
  return new File([bytes], `weights-${iteration}.safetensors`);
}

test("goes on with a killed run's folder, but not from where its batches take too long", async () => {
  const brought = async (iteration: number) => {
    const found = await readBrought([
      new File([CONFIG], 'config.json'),
      new File(['{"pid": 7}'], 'folder.lock'),
      new File(['{"pid": 8}'], 'folder.lock.8'),
      new File([CSV], 'digits.csv'),
      weightsAt(iteration),
    ]);
    if (!found.source) throw new Error('The folder has images.');
    return halfwayPoint(found, found.source);
  };
  expect((await brought(25_000_000))?.state.iteration).toBe(25_000_000);
  await expect(brought(25_000_001)).rejects.toThrow(
    /^weights-25000001\.safetensors is past the 25000000 iterations of batch 2 .*espalier run --from/,
  );
});

test('goes on with the images that a run was trained on, and refuses others', async () => {
  const record = '{"type":"checkpoint","iteration":3,"figures":{"seconds":7}}';
  const events = new File([record], 'events.jsonl');
  const given = [new File([CONFIG], 'config.json'), weightsAt(3), events];
  const { source } = await readBrought([...given, new File([CSV], 'digits.csv')]);
  if (!source) throw new Error('The folder has images.');
  const { name, bytes } = datasetFile(drawExamples(source, SETTINGS.examples, 0));
  const dataset = new File([new Uint8Array(bytes)], name);
  const brought = async (csv: string) => {
    const found = await readBrought([...given, dataset, new File([csv], 'digits.csv')]);
    if (!found.source) throw new Error('The folder has images.');
    return halfwayPoint(found, found.source);
  };
  expect(await brought(CSV)).toMatchObject({ state: { iteration: 3, figures: { seconds: 7 } } });
  await expect(brought(CSV.replaceAll('50', '51'))).rejects.toThrow(
    /^dataset\.safetensors is of other images .* than digits\.csv holds .* trained on, mnist\.$/,
  );
});

test('what is no digits and no run is told what it is, before a browser fails at it', async () => {
  const refused = (file: File, words: RegExp) => expect(readBrought([file])).rejects.toThrow(words);
  const model = '{"format": "layers-model", "modelTopology": {}, "weightsManifest": []}';
  await refused(new File([model], 'model.json'), /^model\.json holds a trained network\..*Play/);
  await refused(new File(['x'], 'net.onnx'), /^net\.onnx holds a trained network\./);
  const large = Object.defineProperty(new File(['x'], 'all.csv'), 'size', { value: 3e9 });
  await refused(large, /^all\.csv has 3,000 MB, and this page takes files up to 1,000 MB/);
});

test('says so of records that hold nothing to bring', async () => {
  const records = ['summary.json', 'events.jsonl'].map((name) => new File(['{}'], name));
  await expect(readBrought(records)).rejects.toThrow(
    /^summary\.json, events\.jsonl: neither images nor a config\.json\. Drop the whole folder/,
  );
});

test('says what is wrong with a folder of nothing, and where pictures belong', async () => {
  await expect(readBrought([])).rejects.toThrow(/^There is no file in it/);
  const pictures = ['a.png', 'b.JPG'].map((name) => new File(['x'], name));
  await expect(readBrought(pictures)).rejects.toThrow(/^a\.png is a picture.*tab Prune/);
});

test('takes the curve of a run that the page saved, and none that no run can find', async () => {
  const curve = 'at.300-dense.3k.668-sizes.1.334668';
  const files = [new File([CONFIG], 'config.json'), new File([`${curve}\n`], 'curve.txt')];
  expect(await readBrought(files)).toMatchObject({ curve });
  const settings = defaultsFor('software');
  const { by, found } = curveOfFile(curve, settings, 300);
  expect([by, found.iteration, found.plain.points.length]).toEqual([settings, 300, 2]);
  const refused = /^curve\.txt does not hold/;
  expect(() => curveOfFile('at.301', settings, 300)).toThrow(refused);
  // That of a longer run.
  expect(() => curveOfFile(curve, settings, 299)).toThrow(refused);
});

test('unpacks no .zip that is larger than the page can hold, whatever its packed size', async () => {
  const archive = (size: number) => {
    const text = (content: string) => new TextEncoder().encode(content);
    const bytes = zipSync({ 'config.json': text(CONFIG), 'events.jsonl': text('\n') });
    const directory = Buffer.from(bytes.buffer).indexOf('PK\x01\x02');
    new DataView(bytes.buffer).setUint32(directory + 24, size, true);
    return [new File([bytes], 'run.zip')];
  };
  const size = new TextEncoder().encode(CONFIG).length;
  expect(await readBrought(archive(size))).toMatchObject({
    config: SETTINGS,
    events: { bytes: new Uint8Array([10]) },
  });
  await expect(readBrought(archive(2_999_999_999))).rejects.toThrow(
    /^run\.zip would unpack to 3000 MB, and this page takes up to 512 MB/,
  );
});

test('unpacks what a .zip says, and no more: not a bomb, a damaged file or a file in place of another', async () => {
  const config = new TextEncoder().encode(CONFIG);
  const zeros = new Uint8Array(2 ** 26);
  const bytes = zipSync({ 'config.json': config, 'digits/weights-4.safetensors': zeros });
  const brought = (zip: Uint8Array<ArrayBuffer>) => readBrought([new File([zip], 'run.zip')]);
  const refused = expect.objectContaining({
    code: 'bad-data',
    message: expect.stringMatching(/^run\.zip is not a \.zip that can be read: /),
  });
  const second = Buffer.from(bytes.buffer).lastIndexOf('PK\x01\x02');
  const lying = bytes.slice();
  new DataView(lying.buffer).setUint32(second + 24, 10, true);
  await expect(brought(lying)).rejects.toThrow(/inflates to more than the 10 bytes that it claims/);
  const longer = bytes.slice();
  new DataView(longer.buffer).setUint32(second + 24, 2 ** 26 + 1, true);
  await expect(brought(longer)).rejects.toThrow(/inflates to 67108864 bytes, and claims 67108865/);
  for (const at of [35, 60, second - 5, second + 16, second + 42, bytes.length - 12]) {
    await expect(brought(bytes.with(at, bytes[at]! ^ 0x55) as typeof bytes)).rejects.toEqual(
      refused,
    );
  }
  await expect(brought(bytes.slice(0, -1))).rejects.toEqual(refused);
});

test('every mutant of a .zip is refused, or read as it was', async () => {
  const bytes = zipSync({ 'config.json': new TextEncoder().encode(CONFIG) });
  const random = randomStream(1, 'zip');
  for (let i = 0; i < MUTANTS; i++) {
    const mutant = bytes.slice();
    mutant[random.below(bytes.length)]! ^= 1 << random.below(8);
    const read = await readBrought([new File([mutant], 'run.zip')]).catch(
      (error: unknown) => error,
    );
    if (read instanceof EspalierError) expect(read.message).toMatch(/^run\.zip /);
    else expect(read).toMatchObject({ config: SETTINGS });
  }
});
