import { z } from 'zod';
import { EspalierError, errorMessage } from '../errors.js';
import type { Graph } from './graph.js';
import { listParameters } from './parameters.js';

/**
 * The largest size that is accepted. It is above every one in use, and products of a few such sizes
 * are exact.
 */
const count = (least: number) =>
  z
    .int()
    .min(least)
    .max(2 ** 20);
const name = z.string().min(1);
const pair = z.tuple([count(1), count(1)]);
const operation = { name, inputs: z.array(name).min(1) };
const window = {
  kernel: pair,
  stride: pair,
  padding: z.strictObject({ top: count(0), left: count(0), bottom: count(0), right: count(0) }),
};
const sizes = { channels: count(1), height: count(1), width: count(1) };
const map = z.strictObject(sizes);
const filter = { weight: name, bias: name.exactOptional(), outputs: count(1) };

const nodeSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('convolution'),
      ...operation,
      ...window,
      ...filter,
      groups: count(1),
      frozen: z.literal(true).exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('batch-norm'),
      ...operation,
      weight: name,
      bias: name,
      mean: name,
      variance: name,
      epsilon: z.number().nonnegative(),
    }),
    z.strictObject({
      kind: z.literal('activation'),
      ...operation,
      activation: z.enum(['relu', 'relu6', 'hard-swish', 'sigmoid', 'hard-sigmoid']),
    }),
    z.strictObject({ kind: z.literal('add'), ...operation }),
    z.strictObject({ kind: z.literal('multiply'), ...operation }),
    z.strictObject({ kind: z.literal('concatenation'), ...operation }),
    z.strictObject({
      kind: z.enum(['max-pool', 'average-pool']),
      ...operation,
      ...window,
      countPads: z.boolean(),
    }),
    z.strictObject({ kind: z.literal('global-average-pool'), ...operation }),
    z.strictObject({ kind: z.literal('flatten'), ...operation }),
    z.strictObject({ kind: z.literal('linear'), ...operation, ...filter }),
    z.strictObject({
      kind: z.literal('channel-pad'),
      ...operation,
      before: count(0),
      after: count(0),
    }),
    z.strictObject({ kind: z.literal('strided-slice'), ...operation, stride: pair }),
    z.strictObject({
      kind: z.literal('opaque'),
      ...operation,
      operation: name,
      output: map,
    }),
  ],
  { error: ({ input }) => unknownKind(input) },
);

const graphSchema: z.ZodType<Graph> = z.strictObject({
  name,
  input: z.strictObject({ name, ...sizes }),
  nodes: z.array(nodeSchema).min(1),
  output: name,
});

/**
 * A graph from untrusted JSON (`JSON.stringify` of a graph); `source` says where it comes from.
 *
 * @throws EspalierError `bad-data` naming the source and the key when it is no graph, `bad-network`
 * naming the node when its nodes do not fit together.
 */
export function parseGraph(json: string, source: string): Graph {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw notAGraph(source, `it is no JSON: ${errorMessage(error)}`);
  }
  const { data, error } = graphSchema.safeParse(value);
  if (error) {
    const { path, message } = error.issues[0]!;
    throw notAGraph(source, path.length > 0 ? `${path.join('.')}: ${message}` : message);
  }
  listParameters(data);
  return data;
}

/** What is wrong with a node of no known kind, by its name and kind where it has them. */
function unknownKind(node: unknown): string {
  const { kind, name: own } = Object(node) as Partial<Record<'kind' | 'name', unknown>>;
  const kinds = nodeSchema.options.flatMap(({ shape: { kind } }) =>
    'options' in kind ? kind.options : [...kind.values],
  );
  return `the node ${JSON.stringify(own)} is of no known kind: ${JSON.stringify(kind)} is none of ${kinds.join(', ')}`;
}

function notAGraph(source: string, problem: string): EspalierError {
  return new EspalierError('bad-data', `${source} does not describe a network: ${problem}.`);
}
