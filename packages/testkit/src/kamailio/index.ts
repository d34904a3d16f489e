export { type Kamailio, type KamailioOptions, type Relay, startKamailio } from './start-kamailio.ts';
