const STORE = 'kept';
/** The version of the records' form: what another version kept is not read. */
const VERSION = 1;

/** What the browser keeps over a reload, by name; typed arrays and maps as they are. */
export interface Keeper {
  /** Whether the browser keeps anything at all: some do not in a private window. */
  keeps(): boolean;
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  remove(...names: readonly string[]): Promise<void>;
}

/**
 * Opens what one tab keeps. A failure to keep never ends the work: it is told by `keeps`.
 *
 * @param database its name in the browser.
 */
export async function openKeeper(database: string): Promise<Keeper> {
  let opened: IDBDatabase | undefined;
  try {
    const request = indexedDB.open(database, VERSION);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    opened = await settled(request);
  } catch {
    opened = undefined;
  }
  const change = async (work: (store: IDBObjectStore) => void): Promise<void> => {
    if (!opened) return;
    try {
      const transaction = opened.transaction(STORE, 'readwrite');
      work(transaction.objectStore(STORE));
      await committed(transaction);
    } catch {
      opened = undefined;
    }
  };
  return {
    keeps: () => opened !== undefined,
    get: async (name) => opened && settled(opened.transaction(STORE).objectStore(STORE).get(name)),
    put: (name, value) => change((store) => store.put(value, name)),
    remove: (...names) =>
      change((store) => {
        for (const name of names) store.delete(name);
      }),
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
