import { z } from 'zod';
import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import { brokenModel, type TfjsModel } from './model-json.js';

/** JSON has 64-bit numbers as text. */
const whole = z.union([z.string().regex(/^-?\d{1,15}$/), z.int()]);

const attributeSchema = z.looseObject({
  s: z.string().optional(),
  i: whole.optional(),
  f: z.number().optional(),
  b: z.boolean().optional(),
  list: z
    .looseObject({
      s: z.array(z.string()).optional(),
      i: z.array(whole).optional(),
    })
    .optional(),
  shape: z
    .looseObject({
      dim: z.array(z.looseObject({ size: whole.optional() })).optional(),
    })
    .optional(),
});

const nodeSchema = z.looseObject({
  name: z.string().min(1),
  op: z.string().min(1),
  input: z.array(z.string()).optional(),
  attr: z.record(z.string(), attributeSchema).optional(),
});

type RawNode = z.infer<typeof nodeSchema>;

const graphSchema = z.looseObject({ node: z.array(nodeSchema).min(1) });
const signatureSchema = z.looseObject({
  outputs: z.record(z.string(), z.looseObject({ name: z.string().optional() })),
});

/** A node of TensorFlow's graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes that it reads. */
  readonly inputs: readonly string[];
  readonly attributes: NonNullable<RawNode['attr']>;
}

/** TensorFlow's graph, of which one node answers. */
export interface GraphDef {
  /** In an order in which a node comes behind everything that it reads. */
  readonly nodes: readonly GraphNode[];
  readonly output: string;
}

/** Whether a model.json holds a graph, and no layers. */
export function isGraphModel({ format, modelTopology }: TfjsModel): boolean {
  return format === 'graph-model' || Array.isArray(modelTopology.node);
}

/**
 * The graph of a model.json, untrusted.
 *
 * @throws EspalierError `bad-data` naming `file` where it is no graph, has a cycle, or reads what is not
 *   there; `bad-network` where it has several outputs.
 */
export function graphOfModel(model: TfjsModel, file: string): GraphDef {
  const { data, error } = graphSchema.safeParse(model.modelTopology);
  if (error) {
    const { path, message } = error.issues[0] as { path: PropertyKey[]; message: string };
    throw brokenModel(file, `${path.join('.')}: ${message}`);
  }
  const nodes = data.node.map(({ name, op, input = [], attr = {} }): GraphNode => {
    // What only has to have run before is of no matter here.
    const inputs = input.filter((own) => !own.startsWith('^')).map((own) => own.replace(/:0$/, ''));
    return { name, op, inputs, attributes: attr };
  });
  const ordered = inOrder(nodes, file);
  return { nodes: ordered, output: outputOfGraph(model, ordered, file) };
}

function inOrder(nodes: readonly GraphNode[], file: string): readonly GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  if (byName.size < nodes.length) throw brokenModel(file, 'two of its nodes have one name');
  const done = new Set<string>();
  const ordered: GraphNode[] = [];
  let left = nodes;
  while (left.length > 0) {
    const blocked = left.filter((node) => {
      if (!node.inputs.every((name) => done.has(name))) return true;
      done.add(node.name);
      ordered.push(node);
      return false;
    });
    if (blocked.length === left.length) {
      const missing = (node: GraphNode) => node.inputs.find((name) => !byName.has(name));
      const node = blocked.find(missing) ?? (blocked[0] as GraphNode);
      const name = missing(node);
      const why =
        name === undefined ? 'depends on itself' : `reads ${quoted(name)}, which is not there`;
      throw brokenModel(file, `the node ${quoted(node.name)} ${why}`);
    }
    left = blocked;
  }
  return ordered;
}

/** The node that answers: the one that the signature names, else the one that nobody reads. */
function outputOfGraph(model: TfjsModel, nodes: readonly GraphNode[], file: string): string {
  const signature = signatureSchema.safeParse(model.signature).data;
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const named = Object.entries(signature?.outputs ?? {}).map(([key, { name = key }]) =>
    name.replace(/:0$/, ''),
  );
  const unread = nodes
    .filter(({ name, op }) => !read.has(name) && !['Const', 'NoOp', 'Placeholder'].includes(op))
    .map(({ name }) => name);
  const outputs = named.length > 0 ? named : unread;
  const [output, ...others] = outputs;
  if (output !== undefined && others.length === 0 && nodes.some(({ name }) => name === output)) {
    return output;
  }
  throw new EspalierError(
    'bad-network',
    `${file} has ${outputs.length} outputs (${outputs.slice(0, 4).map(quoted).join(', ') || 'none'}); one, of logits, is needed.`,
  );
}

/** An attribute of text, which lies there in base64, or what it is where it is left out. */
export function textOfNode({ attributes }: GraphNode, key: string, otherwise: string): string {
  const text = attributes[key]?.s;
  return text === undefined ? otherwise : decoded(text);
}

/** An attribute that is a list of texts. */
export function textsOfNode({ attributes }: GraphNode, key: string): readonly string[] {
  return (attributes[key]?.list?.s ?? []).map(decoded);
}

/** An attribute that is a list of whole numbers, where it is given. */
export function wholesOfNode(
  { attributes }: GraphNode,
  key: string,
): readonly number[] | undefined {
  return attributes[key]?.list?.i?.map(Number);
}

/** The sizes of a placeholder; NaN for one that is open. */
export function sizesOfNode({ attributes }: GraphNode): readonly number[] | undefined {
  return attributes.shape?.shape?.dim?.map(({ size = -1 }) => {
    return Number(size) >= 1 ? Number(size) : Number.NaN;
  });
}

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    // Some converters leave it as it is.
    return text;
  }
}
