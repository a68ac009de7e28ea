/** The files that were dropped, those inside dropped folders included. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  // The list of items is emptied as soon as the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])));
  return files.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<readonly File[]> {
  if (entry.isFile) {
    const { file } = entry as FileSystemFileEntry;
    return [await new Promise<File>((resolve, reject) => file.call(entry, resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a hundred entries at a time, and none when there are no more.
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
}
