import './gpu/webgpu.js';

export { readImageSource } from './data/folder.js';
export { readPictureSource } from './data/picture-folder.js';
export { type ChromeOptions, openChromeHost } from './hosts/chrome.js';
export type {
  AdapterPreference,
  EventOf,
  ExecuteOptions,
  Host,
  InputOf,
  Job,
  JobContext,
  Jobs,
  OutputOf,
} from './hosts/host.js';
export { openNodeAdapter, openNodeDevice, openNodeHost } from './hosts/node.js';
