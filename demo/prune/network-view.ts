import { errorMessage } from '../../src/errors.js';
import { sizeOfModelFiles, usualEnding } from '../../src/experiment/model/model-files.js';
import { chosenUnits } from '../../src/experiment/model/prune/units.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { summarise } from '../../src/graph/summary.js';
import { findUnits, type Uncuttable, type Unit } from '../../src/graph/units.js';
import { type Graph, type Model, modelFiles, type UnitChoice } from '../../src/index.js';
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
    bytes,
    units,
  }: {
    readonly file: string;
    readonly builtIn: boolean;
    readonly bytes: number;
    readonly units: UnitChoice;
  },
): NetworkView {
  const { graph } = model.network;
  const { height, width, channels } = graph.input;
  const { multiplyAdds, parameters } = summarise(graph);
  const { names, obstacle } = chosenNames(graph, units);
  return {
    name: model.architecture,
    builtIn,
    form: FORMS[/\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? ''] ?? 'a network',
    input: { height, width, channels },
    classes: classesOfModel(model),
    bytes,
    multiplyAdds,
    parameters,
    layers: layersOfNetwork(graph, names),
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

/** The names of the units that a choice takes, or why there are none. */
function chosenNames(
  graph: Graph,
  choice: UnitChoice,
): { readonly names: ReadonlySet<string>; readonly obstacle?: string } {
  const unknown = graph.nodes.flatMap((node) => (node.kind === 'opaque' ? [node.operation] : []));
  try {
    const names = new Set(chosenUnits(graph, choice).map(({ name }) => name));
    if (unknown.length === 0) return { names };
    const named = [...new Set(unknown)].join(', ');
    const obstacle = `It has operations that cannot be run here: ${named}. Export it without them, for example without pre- and postprocessing.`;
    return { names, obstacle };
  } catch (error) {
    return { names: new Set(), obstacle: errorMessage(error) };
  }
}

/** The layers that make channels from others, in the graph's order. */
function layersOfNetwork(graph: Graph, chosen: ReadonlySet<string>): readonly LayerView[] {
  const { units, uncuttable } = findUnits(graph);
  return summarise(graph).nodes.flatMap((node) => {
    if (node.kind !== 'convolution' && node.kind !== 'linear') return [];
    const unit = units.find(({ maps }) => maps.some((map) => map.node === node.name));
    const stays = uncuttable.find((own) => own.node === node.name);
    const { name, detail, parameters, multiplyAdds, output } = node;
    const goes = unit !== undefined && chosen.has(unit.name);
    const why = unit
      ? whyOfUnit(unit, { layer: name, goes })
      : stays
        ? STAYS[stays.reason]
        : 'Stays.';
    const what = node.kind === 'linear' ? 'fully connected' : detail;
    return [{ name, detail: what, channels: output.channels, parameters, multiplyAdds, goes, why }];
  });
}

function whyOfUnit(
  { name, kind, writers }: Unit,
  { layer, goes }: { readonly layer: string; readonly goes: boolean },
): string {
  if (!goes) {
    return kind === 'stream'
      ? 'Stays: a shortcut adds it to other layers. Choose “residual streams too” to cut it.'
      : 'Stays: residual streams alone are cut.';
  }
  if (layer !== name) return `Can go, together with ${name}.`;
  const others = writers.filter((own) => own !== layer);
  return others.length > 0 ? `Can go, together with ${others.join(', ')}.` : 'Can go.';
}
