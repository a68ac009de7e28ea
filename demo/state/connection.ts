import { type ReadonlySignal, signal } from '@preact/signals';
import { type Device, openBrowserAdapter, openDevice } from '../../src/index.js';

/** Short enough that the page, which shares the graphics device, misses no frame. */
const SUBMIT_MILLIS = 30;

export interface Connection {
  /** Undefined until the browser has given one, or when it has none. */
  readonly device: ReadonlySignal<Device | undefined>;
  /** The device, or a new one where it was lost while nobody was using it. */
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
