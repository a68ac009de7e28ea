/** The polynomial of CRC-32 (ISO 3309, as in gzip, zip and PNG), its bits reversed. */
const POLYNOMIAL = 0xedb88320;

/** What is left of each value of a byte. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = (word >>> 1) ^ (word & 1 ? POLYNOMIAL : 0);
  return word;
});

/** The CRC-32 of the bytes of all parts, one after another, as an unsigned word. */
export function crc32(...parts: readonly Uint8Array[]): number {
  const sum = runningCrc32();
  for (const bytes of parts) sum.add(bytes);
  return sum.value();
}

/** The CRC-32 of bytes that come one part after another. */
export function runningCrc32(): { add(bytes: Uint8Array): void; value(): number } {
  let word = 0xffffffff;
  return {
    add: (bytes) => {
      let own = word;
      for (let i = 0; i < bytes.length; i++) {
        own = (own >>> 8) ^ REMAINDERS[(own ^ bytes[i]!) & 0xff]!;
      }
      word = own;
    },
    value: () => ~word >>> 0,
  };
}
