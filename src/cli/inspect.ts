import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Model } from '../experiment/model/model.js';
import { shapeText } from '../graph/shapes.js';
import { summarise } from '../graph/summary.js';
import { findUnits, uncuttableText } from '../graph/units.js';
import { escaped, grouped, plural } from '../text.js';
import { addNetworkFlags, MODEL_FILES, type ModelFlags, readModel } from './model-flags.js';

interface InspectFlags extends ModelFlags {
  readonly json?: true;
}

export function addInspect(program: Command): void {
  addNetworkFlags(
    program
      .command('inspect')
      .description(
        'Shows what a trained network is made of: nodes, shapes, costs, which channels can be cut together, and which cannot be cut and why.',
      )
      .argument('<model>', MODEL_FILES),
  )
    .option('--json', 'print all of it as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  espalier inspect net.onnx
  espalier inspect resnet20.th --architecture resnet20 --json`,
    )
    .action(async (file: string, flags: InspectFlags) => {
      const found = inspection(await readModel(file, flags));
      process.stdout.write(
        flags.json ? `${JSON.stringify(found)}\n` : `${inspectionText(found)}\n`,
      );
    });
}

type Inspection = ReturnType<typeof inspection>;

/** All that there is to say of a network without running it. */
function inspection({ architecture, network: { graph } }: Model) {
  const { units, uncuttable } = findUnits(graph);
  const cannotRun = graph.nodes.flatMap((node) =>
    node.kind === 'opaque' ? [{ node: node.name, operation: node.operation }] : [],
  );
  return {
    architecture,
    input: graph.input,
    ...summarise(graph),
    units: units.map(({ name, kind, channels, writers, consumers }) => ({
      name,
      kind,
      channels,
      writers,
      consumers: consumers.map(({ node }) => node),
    })),
    uncuttable,
    cannotRun,
  };
}

function inspectionText(found: Inspection): string {
  const { architecture, input, units, uncuttable, cannotRun } = found;
  const plain = {
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  };
  const nodes = new Table({
    ...plain,
    head: ['node', 'kind', 'gives', 'parameters', 'multiply-adds'],
    colAligns: ['left', 'left', 'left', 'right', 'right'],
  });
  for (const { name, kind, detail, output, parameters, multiplyAdds } of found.nodes) {
    const what = detail ? `${kind}, ${detail}` : kind;
    nodes.push([
      escaped(name),
      escaped(what),
      shapeText(output),
      grouped(parameters),
      grouped(multiplyAdds),
    ]);
  }
  const cuttable = new Table({
    ...plain,
    head: ['channels that go together', 'kind', 'channels', 'read by'],
    colAligns: ['left', 'left', 'right', 'left'],
  });
  for (const { name, kind, channels, consumers } of units) {
    cuttable.push([escaped(name), kind, grouped(channels), plural(consumers.length, 'filter')]);
  }
  const rest = [
    ...uncuttable.map((own) => `Not cut: ${uncuttableText(own)}.`),
    ...cannotRun.map(({ node, operation }) => `Not run here: ${node} (${operation}).`),
  ];
  return [
    `${escaped(architecture)}: takes ${shapeText(input)}, ${grouped(found.multiplyAdds)} multiply-adds, ${grouped(found.parameters)} parameters.`,
    nodes.toString(),
    ...(units.length > 0 ? [cuttable.toString()] : []),
    ...rest.map(escaped),
  ].join('\n');
}
