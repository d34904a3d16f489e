/** Secrets: sealing at rest, and the ring of API keys. */
export {
  createKeyRing,
  type KeyHolder,
  type KeyIds,
  type KeyRing,
  type KeyRingOptions,
  type ListedKey,
} from './key-ring.ts';
export { type LoadSealKeyOptions, loadSealKey, parseSealKey, SealKeyRefused } from './load-seal-key.ts';
export { CannotOpen, createSeal, type Seal, type SealKey, sealKeyId } from './seal.ts';
export { openInboundPassword, openTrunkPassword, sealInboundPassword, sealTrunkPassword } from './trunk-password.ts';
