import { type Cell, cellKey, parseCell } from '../../src/index.js';
import { memo } from '../../src/memo.js';

/** A trial's training as it stood at its last checkpoint, as a safetensors file. */
export interface KeptState {
  readonly trial: string;
  readonly bytes: Uint8Array;
}

export interface KeptCells {
  readonly cells: readonly Cell[];
  /** Records that are no cell any more. Their cells are computed again, in their place. */
  readonly unreadable: number;
}

/** A study's records, as the command line has them in a folder. */
export interface Store {
  cells(): Promise<KeptCells>;
  append(cell: Cell): Promise<void>;
  /** Of the trial under way; it replaces the one before. */
  saveState(state: KeptState): Promise<void>;
  state(): Promise<KeptState | undefined>;
  /** Once its trial is done. */
  removeState(): Promise<void>;
  clear(): Promise<void>;
}

const DATABASE = 'espalier-study';
const VERSION = 1;

/** Of what a record holds; others' are another study's. */
const SCHEMA = 1;

/**
 * The records that the browser keeps for the study of this identity.
 *
 * @throws when the browser keeps nothing, as some do in a private window.
 */
export async function openStore(name: string): Promise<Store> {
  const database = await opened();
  const study = `${SCHEMA} ${name}`;
  // An array sorts after every string.
  const all = IDBKeyRange.bound([study], [study, []]);
  const change = async (
    name: 'cells' | 'states',
    work: (store: IDBObjectStore) => void,
  ): Promise<void> => {
    const transaction = database.transaction(name, 'readwrite');
    work(transaction.objectStore(name));
    await committed(transaction);
  };
  const read = (name: 'cells' | 'states') => database.transaction(name).objectStore(name);
  return {
    cells: async () => {
      const lines: string[] = await settled(read('cells').getAll(all));
      const cells = lines.flatMap(cellIn);
      return { cells, unreadable: lines.length - cells.length };
    },
    append: (cell) =>
      change('cells', (store) => store.put(JSON.stringify(cell), [study, cellKey(cell)])),
    saveState: (state) => change('states', (store) => store.put(state, study)),
    state: () => settled(read('states').get(study)) as Promise<KeptState | undefined>,
    removeState: () => change('states', (store) => store.delete(study)),
    clear: async () => {
      await change('cells', (store) => store.delete(all));
      await change('states', (store) => store.delete(study));
    },
  };
}

/** Records that end with the page. */
export function passingStore(): Store {
  const cells = new Map<string, Cell>();
  let kept: KeptState | undefined;
  return {
    cells: async () => ({ cells: [...cells.values()], unreadable: 0 }),
    append: async (cell) => void cells.set(cellKey(cell), cell),
    saveState: async (state) => {
      kept = state;
    },
    state: async () => kept,
    removeState: async () => {
      kept = undefined;
    },
    clear: async () => {
      cells.clear();
      kept = undefined;
    },
  };
}

function cellIn(line: string): readonly Cell[] {
  try {
    return [parseCell(line, 'The browser’s record', 1)];
  } catch {
    return [];
  }
}

const databases = new Map<string, Promise<IDBDatabase>>();

function opened(): Promise<IDBDatabase> {
  return memo(databases, DATABASE, async () => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('cells');
      request.result.createObjectStore('states');
    };
    return settled(request);
  });
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () =>
      reject(
        new Error(
          `The browser could not keep the study’s cells: ${transaction.error?.message ?? 'it gave no reason'}. Free some storage, then go on; what was kept before is there still.`,
        ),
      );
    transaction.oncomplete = () => resolve();
    transaction.onerror = fail;
    transaction.onabort = fail;
  });
}
