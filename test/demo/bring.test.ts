import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readBrought } from '../../demo/state/bring.js';
import { halfwayPoint } from '../../demo/state/halfway.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { datasetFile } from '../../src/experiment/run-files.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';

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

test('says so of records that hold nothing to bring', async () => {
  const records = ['summary.json', 'events.jsonl'].map((name) => new File(['{}'], name));
  await expect(readBrought(records)).rejects.toThrow(
    /^summary\.json, events\.jsonl: neither images nor a config\.json\. Drop the whole folder/,
  );
});

test('unpacks no .zip that is larger than the page can hold, whatever its packed size', async () => {
  const archive = (size: number) => {
    const text = (content: string) => new TextEncoder().encode(content);
    const bytes = zipSync({ 'config.json': text(CONFIG), 'events.jsonl': text('\n') });
    const directory = Buffer.from(bytes.buffer).indexOf('PK\x01\x02');
    new DataView(bytes.buffer).setUint32(directory + 24, size, true);
    return [new File([bytes], 'run.zip')];
  };
  expect(await readBrought(archive(CONFIG.length))).toMatchObject({
    config: SETTINGS,
    events: { bytes: new Uint8Array([10]) },
  });
  await expect(readBrought(archive(2_999_999_999))).rejects.toThrow(
    /^run\.zip would unpack to 3000 MB, and this page takes up to 512 MB/,
  );
});
