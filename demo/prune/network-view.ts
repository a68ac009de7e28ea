import { errorMessage } from '../../src/errors.js';
import { sizeOfModelFiles, usualEnding } from '../../src/experiment/model/model-files.js';
import { chosenUnits } from '../../src/experiment/model/prune/units.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { summarise } from '../../src/graph/summary.js';
import { findUnits, type Uncuttable, type Unit } from '../../src/graph/units.js';
import type { Model, UnitChoice } from '../../src/index.js';
import { modelFiles } from '../../src/index.js';
import type { LayerView, NetworkView } from './protocol.js';

const FORMS: Readonly<Record<string, string>> = {
  onnx: 'ONNX',
  h5: 'Keras .h5',
  hdf5: 'Keras .h5',
  json: 'TensorFlow.js',
  safetensors: 'safetensors',
  pth: 'PyTorch',
  pt: 'PyTorch',
  th: 'PyTorch',
};

const STAYS: Readonly<Record<Uncuttable['reason'], string>> = {
  answers: 'Stays: these are the network’s answers.',
  images: 'Stays: it is tied to the channels of the pictures.',
  opaque: 'Stays: it is tied to an operation that is not known here.',
  single: 'Stays: it has one channel.',
};

/** What a page shows of a network: its layers, and what of each can go. */
export function viewOfNetwork(
  model: Model,
  {
    file,
    builtIn,
    units,
  }: { readonly file: string; readonly builtIn: boolean; readonly units: UnitChoice },
): NetworkView {
  const { graph } = model.network;
  const { height, width, channels } = graph.input;
  const { multiplyAdds, parameters } = summarise(graph);
  const obstacle = obstacleIn(model, units);
  return {
    name: model.architecture,
    builtIn,
    form: FORMS[/\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? ''] ?? 'a network',
    input: { height, width, channels },
    classes: classesOfModel(model),
    bytes: bytesOfModel(model),
    multiplyAdds,
    parameters,
    layers: layersOfNetwork(model, units),
    ...(obstacle !== undefined && { obstacle }),
    endings: [...new Set([usualEnding(model), '.onnx', '.safetensors'])],
  };
}

export function classesOfModel({ network: { graph } }: Model): number {
  return inferShapes(graph).get(graph.output)?.channels ?? 0;
}

/** Bytes of a model's file in its usual form. */
export function bytesOfModel(model: Model): number {
  return sizeOfModelFiles(modelFiles(model, `model${usualEnding(model)}`));
}

function obstacleIn({ network: { graph } }: Model, units: UnitChoice): string | undefined {
  const unknown = graph.nodes.flatMap((node) => (node.kind === 'opaque' ? [node.operation] : []));
  if (unknown.length > 0) {
    const named = [...new Set(unknown)].join(', ');
    return `It has operations that cannot be run here: ${named}. Export it without them, for example without pre- and postprocessing.`;
  }
  try {
    chosenUnits(graph, units);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** The layers that make channels from others, in the graph's order. */
function layersOfNetwork({ network: { graph } }: Model, choice: UnitChoice): readonly LayerView[] {
  const { units, uncuttable } = findUnits(graph);
  return summarise(graph).nodes.flatMap((node) => {
    if (node.kind !== 'convolution' && node.kind !== 'linear') return [];
    const unit = units.find(({ maps }) => maps.some((map) => map.node === node.name));
    const stays = uncuttable.find((own) => own.node === node.name);
    const { name, detail, parameters, multiplyAdds, output } = node;
    const goes = unit !== undefined && (choice === 'all' || unit.kind === choice);
    const why = unit ? whyOfUnit(unit, name, goes) : stays ? STAYS[stays.reason] : 'Stays.';
    const what = node.kind === 'linear' ? 'fully connected' : detail;
    return [{ name, detail: what, channels: output.channels, parameters, multiplyAdds, goes, why }];
  });
}

function whyOfUnit({ name, kind, writers }: Unit, layer: string, goes: boolean): string {
  if (!goes) {
    return kind === 'stream'
      ? 'Stays: a shortcut adds it to other layers. Choose “residual streams too” to cut it.'
      : 'Stays: only residual streams are cut.';
  }
  if (layer !== name) return `Can go, together with ${name}.`;
  const others = writers.filter((own) => own !== layer);
  return others.length > 0 ? `Can go, together with ${others.join(', ')}.` : 'Can go.';
}
