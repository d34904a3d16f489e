export { explainInbound } from './explain-inbound.ts';
export { explainIssue, worstIssue } from './explain-issue.ts';
export { type ExplainedInbound, type Explanation, explanationLine } from './explanation.ts';
