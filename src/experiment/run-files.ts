import { imagesChecksum } from '../data/images.js';
import { encodeSafetensors } from '../formats/safetensors.js';
import { encodeSealed } from '../formats/sealed.js';
import type { TwoLayerParameters } from '../models/two-layer.js';
import type { Examples } from './examples.js';
import type { RunEvent } from './run-events.js';

/** A file of a run's folder. */
export interface RunFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The files of a run's folder beside those of its networks. */
export const RUN_FILES = {
  config: 'config.json',
  summary: 'summary.json',
  events: 'events.jsonl',
  dataset: 'dataset.safetensors',
  /** The page's alone: the curve over all sizes, as in a link. It goes with the run that it is of. */
  curve: 'curve.txt',
} as const;

/** A training that was interrupted has weights of a part of an epoch. */
const NETWORK_FILE =
  /(?:^|[/\\])(weights|momentum|subnetwork|fine-tuned|dense-fine-tuned|from-scratch)-(\d+(?:\.\d+)?)\.safetensors$/;

/** Whether a run leaves files of that name. */
export function isRunFile(name: string): boolean {
  const others: readonly string[] = Object.values(RUN_FILES);
  return others.includes(name) || NETWORK_FILE.test(name);
}

/** Iterations behind the weights of a `weights-<t>.safetensors`, by its name or path. */
export function weightsIteration(name: string): number | undefined {
  const [, kind, iteration] = NETWORK_FILE.exec(name) ?? [];
  return kind === 'weights' ? Number(iteration) : undefined;
}

/** The key of the drawn examples' `imagesChecksum`. */
export const CHECKSUM = 'crc32';

/**
 * `dataset.safetensors`: which of the source's examples the run was trained on, and in the metadata,
 * under `CHECKSUM`, what they were.
 */
export function datasetFile({ indices, train }: Pick<Examples, 'indices' | 'train'>): RunFile {
  return {
    name: RUN_FILES.dataset,
    bytes: encodeSafetensors(
      { train: { dtype: 'U32', shape: [indices.length], data: indices } },
      { [CHECKSUM]: imagesChecksum(train) },
    ),
  };
}

/** The key of the iterations that weights have had, which their file's name says too. */
export const ITERATION = 'iteration';

/** The file in which an event's weights are kept, for the events that carry some. */
export function eventFile(event: RunEvent): RunFile | undefined {
  switch (event.type) {
    case 'checkpoint':
    case 'interrupted':
      return {
        name: `weights-${event.iteration}.safetensors`,
        bytes: encodeSealed(layers(event.network), { [ITERATION]: `${event.iteration}` }),
      };
    case 'subnetwork': {
      // A network trained from scratch has no picks: its lists are empty.
      const selected = event.selection?.selected ?? new Uint32Array();
      const loss = event.selection?.loss ?? new Float32Array();
      const shares = event.selection?.finalShares ?? new Float32Array();
      return {
        name: `subnetwork-${event.iteration}.safetensors`,
        bytes: encodeSealed({
          selected: { dtype: 'U32', shape: [selected.length], data: selected },
          loss: { dtype: 'F32', shape: [loss.length], data: loss },
          weight: { dtype: 'F32', shape: [shares.length], data: shares },
          ...layers(event.network),
        }),
      };
    }
    case 'fine-tuned':
    case 'dense-fine-tuned':
    case 'from-scratch':
      return {
        name: `${event.type}-${event.iteration}.safetensors`,
        bytes: encodeSealed(layers(event.network)),
      };
    default:
      return undefined;
  }
}

function layers({ width, inputs, outputs, hidden, output }: TwoLayerParameters) {
  return {
    'hidden.weight': { dtype: 'F32', shape: [width, inputs], data: hidden },
    'output.weight': { dtype: 'F32', shape: [width, outputs], data: output },
  } as const;
}

/** An event without its arrays of weights, fit for a line of `events.jsonl`. */
export function eventRecord(event: RunEvent): object {
  switch (event.type) {
    case 'checkpoint':
    case 'interrupted': {
      const { network: _, velocity: __, ...rest } = event;
      return rest;
    }
    case 'fine-tuned':
    case 'dense-fine-tuned':
    case 'from-scratch': {
      const { network: _, ...rest } = event;
      return rest;
    }
    case 'subnetwork': {
      const { network: _, selection, ...rest } = event;
      if (!selection) return rest;
      const { selected, passes, stopped, plan } = selection;
      return { ...rest, picks: selected.length, passes, stopped, plan };
    }
    default:
      return event;
  }
}
