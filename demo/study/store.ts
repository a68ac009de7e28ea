import { type Cell, cellKey, parseCell } from '../../src/index.js';
import { memo } from '../../src/memo.js';

/** A trial's training as it stood at its last checkpoint, as a safetensors file. */
export interface KeptState {
  readonly trial: string;
  readonly bytes: Uint8Array;
}

export interface KeptCells {
  readonly cells: readonly Cell[];
  /** How many stored lines are not valid cells. Those cells are computed again. */
  readonly unreadable: number;
}

/** The stored cells and state of a study: in the browser what a folder is for the command line. */
export interface Store {
  cells(): Promise<KeptCells>;
  append(cell: Cell): Promise<void>;
  /** Stores the state of the unfinished trial, in place of the state before. */
  saveState(state: KeptState): Promise<void>;
  state(): Promise<KeptState | undefined>;
  /** Called when the trial of the stored state is done. */
  removeState(): Promise<void>;
  clear(): Promise<void>;
}

const DATABASE = 'espalier-study';
const VERSION = 1;

/** The version of the records' form. Records of another version are not read. */
const SCHEMA = 1;

/**
 * Opens the browser's database for one study.
 *
 * @param name identifies the study and its images.
 * @throws when the browser stores nothing, as some do in a private window.
 */
export async function openStore(name: string): Promise<Store> {
  const database = await opened();
  const study = `${SCHEMA} ${name}`;
  // All keys [study, cell]: the database sorts an array after every string.
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

/** A store in memory, for browsers that store nothing. It is lost with the page. */
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
