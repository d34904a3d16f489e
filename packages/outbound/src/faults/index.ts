export { type FaultyLink, type FaultyLinkOptions, type LinkedResult, startFaultyLink } from './faulty-link.ts';
export { LINK_FAULTS, type LinkFault } from './link-fault.ts';
