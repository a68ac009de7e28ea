const DATABASE = 'espalier-prune';
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

/** A failure to keep never ends the work: it is told by `keeps`. */
export async function openKeeper(): Promise<Keeper> {
  let database: IDBDatabase | undefined;
  try {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    database = await settled(request);
  } catch {
    database = undefined;
  }
  const change = async (work: (store: IDBObjectStore) => void): Promise<void> => {
    if (!database) return;
    try {
      const transaction = database.transaction(STORE, 'readwrite');
      work(transaction.objectStore(STORE));
      await committed(transaction);
    } catch {
      database = undefined;
    }
  };
  return {
    keeps: () => database !== undefined,
    get: async (name) =>
      database && settled(database.transaction(STORE).objectStore(STORE).get(name)),
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
