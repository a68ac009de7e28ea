/** Hands a file to the browser's downloads. */
export function save(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser may read the address later than this call returns.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
