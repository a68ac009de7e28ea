import { type ReadonlySignal, signal } from '@preact/signals';
import { type Device, openBrowserAdapter, openDevice } from '../../src/index.js';

/** Work in one submit. The page is drawn by the same GPU: longer work would delay its frames. */
const SUBMIT_MILLIS = 30;

export interface Connection {
  /** Undefined until the browser has given a device, and for good when it has none. */
  readonly device: ReadonlySignal<Device | undefined>;
  /** The device. If the device was lost while nobody used it, a new one is opened. */
  connected(): Promise<Device>;
}

export function createConnection(gpu: GPU | undefined): Connection {
  const device = signal<Device | undefined>();
  const connect = async (): Promise<Device> => {
    device.value?.dispose();
    const opened = await openDevice(await openBrowserAdapter(gpu), {
      submitMillis: SUBMIT_MILLIS,
    });
    device.value = opened;
    return opened;
  };
  return {
    device,
    connected: async () => {
      const known = device.value;
      if (!known) return connect();
      try {
        known.check();
        return known;
      } catch {
        return connect();
      }
    },
  };
}
