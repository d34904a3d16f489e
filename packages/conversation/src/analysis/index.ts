/** Analysis of finished chats. */
export { analysisModel, analysisRequest, type ChatAnalysis, readAnalysis } from './analysis.ts';
