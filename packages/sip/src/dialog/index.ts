export { AnsweredDialog, type Dialog, type DialogEnd, type DialogOptions } from './dialog.ts';
export { buildInDialogRequest, type InDialogOptions, nextHop } from './in-dialog-request.ts';
export { type DialogState, dialogMemo, readDialogMemo } from './memo.ts';
export type { SessionReply } from './offer-answer.ts';
export type { SessionTerms } from './session-clock.ts';
export { readTarget } from './target.ts';
