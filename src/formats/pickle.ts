import { EspalierError } from '../errors.js';

/** A name that a pickle refers to: a class or a function of some module. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What the names in a pickle stand for; nothing but these functions is ever called. */
export interface PickleNames {
  /** Whether a pickle may refer to `name` ('collections.OrderedDict') at all. */
  knows(name: string): boolean;
  /** What calling `name` with the arguments gives; throws what `fail` makes of a problem. */
  call(name: string, values: readonly unknown[], fail: Fail): unknown;
  /** What a persistent id, as a pickle refers to things outside of it, stands for. */
  persistent(id: unknown, fail: Fail): unknown;
}

/** Makes an error of a problem, at the offset that has been read to. */
export type Fail = (problem: string) => EspalierError;

/** Where the next pickle begins in a file; reading one moves it behind it. */
export interface PickleSource {
  readonly bytes: Uint8Array;
  readonly file: string;
  offset: number;
}

/** Far above what the largest networks need (about 60 a tensor); a pickle makes objects from single bytes. */
const MOST_OPERATIONS = 1_000_000;
const LATEST_PROTOCOL = 5;

/**
 * Reads one pickle (Python's `pickle` module, protocols 2 to 5) from untrusted bytes: dictionaries
 * become Maps, lists and tuples arrays, numbers numbers, or bigints beyond 2⁵³. It knows only the
 * operations that plain data, and tensors as PyTorch writes them, need; it neither runs nor looks up
 * anything but what `names` knows, and never recurses, so that no nesting exhausts the stack.
 *
 * @throws EspalierError `bad-data` naming the file, the offset, and the name or operation refused.
 */
export function readPickle(source: PickleSource, names: PickleNames): unknown {
  const machine = new Machine(source, names);
  for (let operations = 0; operations < MOST_OPERATIONS; operations++) {
    const at = source.offset;
    const code = machine.byte();
    if (code === STOP) return machine.pop();
    const operation = OPERATIONS.get(code);
    if (!operation) throw machine.refuseOperation(code, at);
    operation(machine);
  }
  throw machine.broken(
    source.offset,
    `it takes more than ${MOST_OPERATIONS.toLocaleString('en-US')} operations, more than any network's weights need`,
  );
}

class Machine {
  readonly #source: PickleSource;
  readonly #names: PickleNames;
  readonly #memo = new Map<number, unknown>();
  readonly #marks: number[] = [];
  readonly #stack: unknown[] = [];
  readonly #fail: Fail = (problem) => this.broken(this.#source.offset, problem);

  constructor(source: PickleSource, names: PickleNames) {
    this.#source = source;
    this.#names = names;
  }

  /** The offset of the next `size` bytes, which are taken. */
  take(size: number): number {
    const { bytes, offset } = this.#source;
    if (size > bytes.length - offset) {
      throw this.broken(offset, `expected ${size} bytes, the file ends at ${bytes.length}`);
    }
    this.#source.offset += size;
    return offset;
  }

  byte(): number {
    return this.#source.bytes[this.take(1)]!;
  }

  view(size: number): DataView {
    const { bytes } = this.#source;
    return new DataView(bytes.buffer, bytes.byteOffset + this.take(size), size);
  }

  /** The number of the next 8 bytes; what is beyond 2⁵³ is beyond the file too. */
  length(): number {
    return Number(this.view(8).getBigUint64(0, true));
  }

  text(size: number): string {
    const at = this.take(size);
    return this.#decoded(at, at + size);
  }

  line(): string {
    const { bytes, offset } = this.#source;
    const end = bytes.indexOf(0x0a, offset);
    if (end < 0) throw this.broken(offset, 'a name without an end');
    this.#source.offset = end + 1;
    return this.#decoded(offset, end);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#inconsistent();
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#inconsistent();
    return this.#stack.splice(mark);
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.#inconsistent();
    this.push(this.#memo.get(index));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.#inconsistent();
    for (const value of values) list.push(value);
  }

  setItems(pairs: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map) || pairs.length % 2 !== 0) throw this.#inconsistent();
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  pushGlobal(module: unknown, name: unknown): void {
    const whole = `${String(module)}.${String(name)}`;
    if (typeof module !== 'string' || typeof name !== 'string') throw this.#inconsistent();
    if (!this.#names.knows(whole)) throw this.#refuse(whole);
    this.push(new PickleGlobal(whole));
  }

  call(): void {
    const [callee, values] = this.popMany(2);
    if (!(callee instanceof PickleGlobal && Array.isArray(values))) throw this.#inconsistent();
    this.push(this.#names.call(callee.name, values, this.#fail));
  }

  /** The attributes of an object: of a dictionary only, whose attributes (PyTorch's `_metadata`) are passed over. */
  build(): void {
    const state = this.pop();
    if (!(this.top() instanceof Map && state instanceof Map)) throw this.#inconsistent();
  }

  persistent(): void {
    this.push(this.#names.persistent(this.pop(), this.#fail));
  }

  protocol(): void {
    const protocol = this.byte();
    if (protocol < 2 || protocol > LATEST_PROTOCOL) {
      throw this.broken(
        this.#source.offset - 1,
        `it is a pickle of the unknown protocol ${protocol}`,
      );
    }
  }

  refuseOperation(code: number, at: number): EspalierError {
    return this.broken(
      at,
      `the pickle operation 0x${code.toString(16).padStart(2, '0')} is none that tensors need`,
    );
  }

  broken(offset: number, problem: string): EspalierError {
    return new EspalierError(
      'bad-data',
      `${this.#source.file} cannot be read at offset ${offset}: ${problem}.`,
    );
  }

  #decoded(begin: number, end: number): string {
    try {
      return UTF8.decode(this.#source.bytes.subarray(begin, end));
    } catch {
      throw this.broken(begin, 'a text that is not UTF-8');
    }
  }

  #inconsistent(): EspalierError {
    return this.broken(this.#source.offset, 'the operation before does not fit what precedes it');
  }

  #refuse(name: string): EspalierError {
    const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
    return new EspalierError(
      'bad-data',
      `${this.#source.file} wants to run ${shown} (offset ${this.#source.offset}); Espalier never runs code from a file. Save the weights alone: torch.save(model.state_dict(), FILE).`,
    );
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const STOP = 0x2e;

/** By their codes in Python's pickletools, which describes each. */
const OPERATIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  /* PROTO            */ [0x80, (m) => m.protocol()],
  /* FRAME            */ [0x95, (m) => void m.view(8)],
  /* NONE             */ [0x4e, (m) => m.push(null)],
  /* NEWTRUE          */ [0x88, (m) => m.push(true)],
  /* NEWFALSE         */ [0x89, (m) => m.push(false)],
  /* BININT           */ [0x4a, (m) => m.push(m.view(4).getInt32(0, true))],
  /* BININT1          */ [0x4b, (m) => m.push(m.byte())],
  /* BININT2          */ [0x4d, (m) => m.push(m.view(2).getUint16(0, true))],
  /* LONG1            */ [0x8a, (m) => m.push(decodeLong(m.view(m.byte())))],
  /* BINFLOAT         */ [0x47, (m) => m.push(m.view(8).getFloat64(0))],
  /* BINUNICODE       */ [0x58, (m) => m.push(m.text(m.view(4).getUint32(0, true)))],
  /* SHORT_BINUNICODE */ [0x8c, (m) => m.push(m.text(m.byte()))],
  /* BINUNICODE8      */ [0x8d, (m) => m.push(m.text(m.length()))],
  /* BINSTRING        */ [0x54, (m) => m.push(m.text(m.view(4).getUint32(0, true)))],
  /* SHORT_BINSTRING  */ [0x55, (m) => m.push(m.text(m.byte()))],
  /* EMPTY_DICT       */ [0x7d, (m) => m.push(new Map())],
  /* EMPTY_LIST       */ [0x5d, (m) => m.push([])],
  /* EMPTY_TUPLE      */ [0x29, (m) => m.push([])],
  /* MARK             */ [0x28, (m) => m.mark()],
  /* TUPLE            */ [0x74, (m) => m.push(m.popToMark())],
  /* TUPLE1           */ [0x85, (m) => m.push(m.popMany(1))],
  /* TUPLE2           */ [0x86, (m) => m.push(m.popMany(2))],
  /* TUPLE3           */ [0x87, (m) => m.push(m.popMany(3))],
  /* APPEND           */ [0x61, (m) => m.append(m.popMany(1))],
  /* APPENDS          */ [0x65, (m) => m.append(m.popToMark())],
  /* SETITEM          */ [0x73, (m) => m.setItems(m.popMany(2))],
  /* SETITEMS         */ [0x75, (m) => m.setItems(m.popToMark())],
  /* BINPUT           */ [0x71, (m) => m.remember(m.byte())],
  /* LONG_BINPUT      */ [0x72, (m) => m.remember(m.view(4).getUint32(0, true))],
  /* MEMOIZE          */ [0x94, (m) => m.remember()],
  /* BINGET           */ [0x68, (m) => m.recall(m.byte())],
  /* LONG_BINGET      */ [0x6a, (m) => m.recall(m.view(4).getUint32(0, true))],
  /* GLOBAL           */ [0x63, (m) => m.pushGlobal(m.line(), m.line())],
  /* STACK_GLOBAL     */ [0x93, (m) => m.pushGlobal(...(m.popMany(2) as [unknown, unknown]))],
  /* REDUCE           */ [0x52, (m) => m.call()],
  /* BUILD            */ [0x62, (m) => m.build()],
  /* BINPERSID        */ [0x51, (m) => m.persistent()],
]);

/** A whole number of 0 to 255 bytes, little-endian in two's complement. */
function decodeLong(view: DataView): number | bigint {
  let value = 0n;
  for (let i = view.byteLength - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(i));
  const signed = BigInt.asIntN(8 * view.byteLength, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}
