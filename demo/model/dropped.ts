/** A file with its path within what was dropped or chosen. */
export interface PathFile {
  readonly path: string;
  readonly file: File;
}

/** The dropped files, and all files in dropped folders. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly PathFile[]> {
  // Before any await: the browser empties the list of items when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])));
  return files.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<readonly PathFile[]> {
  if (entry.isFile) {
    const { file } = entry as FileSystemFileEntry;
    const own = await new Promise<File>((resolve, reject) => file.call(entry, resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file: own }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives at most a hundred entries a call, and an empty list at the end.
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
}
