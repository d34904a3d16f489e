export { explainInbound } from './explain-inbound.ts';
export { type ExplainedInbound, type Explanation, explanationLine } from './explanation.ts';
