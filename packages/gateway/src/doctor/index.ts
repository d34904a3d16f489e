/** pickup doctor. */
export { type ExamineOptions, examine } from './examine.ts';
export type { Finding, Level, NamedFinding } from './finding.ts';
