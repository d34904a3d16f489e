export { type Cidr, type CidrSet, cidrSet, isLoopback, isPublicAddress, isWildcard, parseCidr } from './cidr.ts';
export type { DigestName, PortRange, SrtpPolicy, WebhookProfile } from './kinds.ts';
export { type Config, type LoadedConfig, loadConfig, type Machine, type Readings } from './load-config.ts';
export { nearestName } from './nearest-name.ts';
export { type ConfigFault, type ConfigWarning, type Env, readSetting } from './read-settings.ts';
export { readTls, type TlsConfig, type TlsReading } from './read-tls.ts';
export {
  renderConfigDocs,
  renderConfigHelp,
  renderConfigSummary,
  renderFault,
  renderSampleEnv,
  renderWarning,
} from './render-config.ts';
export { SETTING_NAMES, type SettingName } from './settings.ts';
