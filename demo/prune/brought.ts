import type { PathFile } from '../model/dropped.js';

const MODEL = /\.(onnx|h5|hdf5|keras|safetensors|pth|pt|th)$/i;
const DESCRIPTION = /\.json$/i;
const WEIGHTS = /\.bin$/i;
const BESIDE = /\.bin$|[._]data$/i;
const PICTURE =
  /\.(png|jpe?g|gif|webp|bmp|tiff?|avif|heic|npy)$|(data|test)_batch[^/]*\.bin(\.gz)?$/i;

/**
 * Which files are a network's and which are pictures, by their names. Many folders have a .json that
 * is no network: it counts as one where weights lie beside it, or where nothing else can be meant.
 */
export function sortBrought(files: readonly PathFile[]): {
  readonly network: readonly PathFile[];
  readonly pictures: readonly PathFile[];
} {
  const pictures = files.filter(({ path }) => PICTURE.test(path));
  const others = files.filter((file) => !pictures.includes(file));
  const models = others.filter(({ path }) => MODEL.test(path));
  const folders = new Set(
    others.filter(({ path }) => WEIGHTS.test(path)).map(({ path }) => folderOf(path)),
  );
  const alone = pictures.length === 0 && models.length === 0;
  const described = others.filter(
    ({ path }) => DESCRIPTION.test(path) && (alone || folders.has(folderOf(path))),
  );
  if (pictures.length === 0) {
    // The weights beside an ONNX file may have any name.
    const network = others.filter(
      (file) => !DESCRIPTION.test(file.path) || described.includes(file),
    );
    return { network, pictures };
  }
  const found = [...models, ...described];
  const beside = others.filter(({ path }) => BESIDE.test(path));
  return { network: found.length > 0 ? [...found, ...beside] : [], pictures };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}
