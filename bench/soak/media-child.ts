/** Runs the media soak in a process of its own. */
import { answerQuestions } from '../parts/answer-questions.ts';

interface MediaSoak {
  runMediaSoak(options: { readonly seconds: number }): Promise<unknown>;
}

const { runMediaSoak } = (await import(process.env['SOAK_MEDIA'] ?? '')) as MediaSoak;
answerQuestions<object>(
  {},
  {
    async run({ seconds }: { seconds: number }) {
      try {
        return { result: (await runMediaSoak({ seconds })) ?? null };
      } catch (error) {
        return { finding: error instanceof Error ? error.stack : String(error) };
      }
    },
  },
);
