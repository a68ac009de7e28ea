import { type Checkpoint, toCheckpoint } from './checkpoint.js';
import { decodePyTorch } from './pytorch.js';
import { type LongTensor, storedTensors, type Tensor } from './safetensors.js';
import { checkSeal, encodeSealed } from './sealed.js';

/**
 * Reads a network's weights from untrusted bytes, whether PyTorch wrote them (`.pth`, `.pt`, `.th`) or
 * they are safetensors: the contents decide, not the file's name.
 *
 * @throws EspalierError `bad-data` naming `file` and what is wrong with it.
 */
export function decodeWeights(bytes: Uint8Array, file: string): Checkpoint {
  if (!isSafetensors(bytes)) return decodePyTorch(bytes, file);
  const { metadata } = checkSeal(bytes, file);
  return toCheckpoint([...storedTensors(bytes, file)], { texts: metadata });
}

/** Where the header of safetensors begins, behind its length. */
const BRACE = 0x7b;

/** Whether bytes may be safetensors, and not what PyTorch wrote. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === BRACE;
}

/**
 * Writes weights as safetensors, with PyTorch's names and a checksum (see `encodeSealed`), so that
 * `model.load_state_dict(safetensors.torch.load_file(FILE))` takes them.
 */
export function encodeWeights(
  { weights, counters }: Pick<Checkpoint, 'weights'> & Partial<Checkpoint>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor | LongTensor>();
  for (const [name, weight] of weights) tensors.set(name, { dtype: 'F32', ...weight });
  for (const [name, counter] of counters ?? []) tensors.set(name, { dtype: 'I64', ...counter });
  return encodeSealed(Object.fromEntries(tensors), { format: 'pt', ...metadata });
}
