/** The model of the bench, a process of its own: streams what it was told last back, at once. Ends with its parent. */
import { startModelEndpoint } from '@pickup/testkit/model';

const model = await startModelEndpoint({
  answer: ({ messages }) => ({ text: `Got ${String(messages.findLast(({ role }) => role === 'user')?.content)}.` }),
});
process.on('disconnect', () => process.exit(0));
process.send?.({ baseUrl: model.baseUrl });
