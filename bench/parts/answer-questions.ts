/** The child's side of `BenchChild`: one function per kind of question, answered in order. */

/** Answers `{ ask: name, …arguments }`; says `ready` first, and ends the process with its parent. */
export function answerQuestions<T extends object>(
  ready: object,
  // biome-ignore lint/suspicious/noExplicitAny: each answer knows what is asked of it
  answers: { readonly [name: string]: (question: any) => T | Promise<T> },
): void {
  process.on('message', async (question: { readonly ask: string }) => {
    const answer = answers[question.ask];
    if (!answer) throw new Error(`nobody knows the answer to ${question.ask}`);
    process.send?.(await answer(question));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}
