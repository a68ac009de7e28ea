import { EspalierError } from '../../errors.js';
import { namesBeside } from '../../formats/networks.js';
import { type LoadOptions, loadModel, type Model } from './model.js';

/** A file that somebody has chosen in a page: a `File`, or any other with a name. */
export interface ChosenFile {
  readonly name: string;
  /** Gives its bytes. */
  readonly arrayBuffer: () => Promise<ArrayBuffer>;
}

/** What models end in; other files lie beside one. */
const MODELS = /\.(onnx|h5|hdf5|keras|json|safetensors|pth|pt|th)$/i;

/**
 * Reads a model from files of a page, in any order: the model's own, and those beside it that it keeps
 * tensors in, which are known by their names.
 *
 * @throws bad-config where there is no model among them, or several; and as `loadModel` does.
 */
export async function loadModelFiles(
  files: readonly ChosenFile[],
  options: Omit<LoadOptions, 'beside'> = {},
): Promise<Model> {
  const models = files.filter(({ name }) => MODELS.test(name));
  const [model, ...others] = models;
  if (!model || others.length > 0) {
    const given = models.map(({ name }) => name).join(', ') || 'none';
    throw new EspalierError(
      'bad-config',
      `One model is needed, a file that ends in .onnx, .h5, .json, .safetensors, .pth, .pt or .th; chosen: ${given}.`,
    );
  }
  const bytes = new Uint8Array(await model.arrayBuffer());
  const beside = new Map<string, Uint8Array>();
  for (const name of namesBeside(bytes, model.name)) {
    // A page does not know in which folders its files lie.
    const found = files.find((file) => file.name === name.replace(/^.*[\\/]/, ''));
    if (found) beside.set(name, new Uint8Array(await found.arrayBuffer()));
  }
  return loadModel(bytes, model.name, { ...options, beside });
}
