export { type DigestAlgorithm, type DigestHash, digestHash } from './algorithm.ts';
export { answerChallenge, type ChallengeAnswer, type ChallengeToAnswer } from './answer-challenge.ts';
export { type DigestChallenge, parseChallenges, serializeChallenge } from './challenge.ts';
export { type DigestCredentials, parseCredentials, serializeCredentials } from './credentials.ts';
export { type DigestSecret, digestResponse, hashA1 } from './response.ts';
export {
  createDigestVerifier,
  type DigestAttempt,
  type DigestVerdict,
  type DigestVerifier,
  type DigestVerifierOptions,
} from './verifier.ts';
