import { jaxJs } from './jax-js/peer.js';
import { onnxruntime } from './onnxruntime/peer.js';
import type { Peer } from './peer.js';
import { tfjs } from './tfjs/peer.js';

export const peers: readonly Peer[] = [jaxJs, tfjs, onnxruntime];
