/** A Map or a WeakMap of promises. */
interface Memos<Key, Value> {
  get(key: Key): Promise<Value> | undefined;
  set(key: Key, value: Promise<Value>): unknown;
  delete(key: Key): unknown;
}

/**
 * What `make` gives for the key, made once and shared by all who ask, also while it is being made.
 * A failure reaches those who wait for it and is forgotten: its cause may be gone at the next call.
 */
export function memo<Key, Value>(
  memos: Memos<Key, Value>,
  key: Key,
  make: () => Promise<Value>,
): Promise<Value> {
  const known = memos.get(key);
  if (known !== undefined) return known;
  const made = make();
  memos.set(key, made);
  made.catch(() => memos.delete(key));
  return made;
}
