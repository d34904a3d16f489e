/** Room for samples that other threads may read: a line plays them without a copy. Not to be written to once given away. */
export function shareableSamples(length: number): Int16Array {
  return new Int16Array(new SharedArrayBuffer(length * Int16Array.BYTES_PER_ELEMENT));
}
