/** Hidden files, and what operating systems and archivers leave beside files. */
const LITTER = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;

/** Whether a file, by its path within a folder, was put there by a program and is nobody's data. */
export function isLitter(path: string): boolean {
  return LITTER.test(path);
}
