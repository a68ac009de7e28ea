const STORE = 'kept';
/** The version of the records' form: what another version kept is not read. */
const VERSION = 1;

/** Records to remove and then records to write, by name. */
export interface Changes {
  readonly remove?: readonly string[];
  readonly put?: Readonly<Record<string, unknown>>;
}

/** What the browser keeps over a reload, by name; typed arrays and maps as they are. */
export interface Keeper {
  /** Whether the browser keeps what it is given: some do not in a private window, or have no room. */
  keeps(): boolean;
  /** Undefined also for what can no longer be read. */
  get(name: string): Promise<unknown>;
  /** After one that failed nothing more is kept: records would no longer go together. */
  put(name: string, value: unknown): Promise<void>;
  /**
   * Makes changes that go together: all of them, or none where one fails. Other tabs, which share
   * these records, change nothing meanwhile. After one that failed nothing more is kept.
   *
   * @param changesBy the changes, by what a record holds now.
   */
  update(name: string, changesBy: (found: unknown) => Changes): Promise<void>;
  remove(...names: readonly string[]): Promise<void>;
}

/**
 * Opens what the tabs of this origin keep. A failure to keep never ends the work: it is told by `keeps`.
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
  let failed = false;
  /** Whether it is done. */
  const change = async (work: (store: IDBObjectStore) => void): Promise<boolean> => {
    if (!opened) return false;
    try {
      const transaction = opened.transaction(STORE, 'readwrite');
      work(transaction.objectStore(STORE));
      await committed(transaction);
      return true;
    } catch {
      return false;
    }
  };
  const remove = async (...names: readonly string[]): Promise<void> => {
    await change((store) => {
      for (const name of names) store.delete(name);
    });
  };
  return {
    keeps: () => opened !== undefined && !failed,
    get: async (name) => {
      try {
        return opened && (await settled(opened.transaction(STORE).objectStore(STORE).get(name)));
      } catch {
        return undefined;
      }
    },
    put: async (name, value) => {
      if (failed || (await change((store) => store.put(value, name)))) return;
      failed = true;
      // What it held before is out of date.
      await remove(name);
    },
    update: async (name, changesBy) => {
      if (failed) return;
      const done = await change((store) => {
        const request = store.get(name);
        request.onsuccess = () => {
          const { put = {}, remove: left = [] } = changesBy(request.result);
          for (const own of left) store.delete(own);
          for (const [own, value] of Object.entries(put)) store.put(value, own);
        };
      });
      failed = !done;
    },
    remove,
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
