import { expect, test } from 'vitest';
import type { EndedInbounds } from '../stores/port.ts';
import { shareEnds } from './share-ends.ts';

test('one read for all who ask the same at once, another for each end told meanwhile and after it is over', async () => {
  const answers: ((found: EndedInbounds) => void)[] = [];
  const feed = { ends: 0 };
  const store = {
    inboundsEndedAfter: () => new Promise<EndedInbounds>((resolve) => void answers.push(resolve)),
  };
  const shared = shareEnds(store, feed);
  const ask = (after: number) => shared.inboundsEndedAfter({ after, limit: 20, filters: [] });
  const first = [ask(5), ask(5)];
  void ask(6);
  expect(answers).toHaveLength(2);
  feed.ends = 1;
  const later = ask(5);
  expect(answers).toHaveLength(3);
  answers[0]!({ items: [], up_to: 5 });
  answers[2]!({ items: [], up_to: 6 });
  expect(await Promise.all([...first, later])).toMatchObject([{ up_to: 5 }, { up_to: 5 }, { up_to: 6 }]);
  void ask(5);
  expect(answers).toHaveLength(4);
});

test('a read that fails, fails for all who shared it and for nobody later', async () => {
  let fails = true;
  const store = {
    inboundsEndedAfter: async () => {
      if (fails) throw new Error('the reader died');
      return { items: [], up_to: 1 };
    },
  };
  const shared = shareEnds(store, { ends: 0 });
  const request = { after: 1, limit: 1 };
  const both = await Promise.allSettled([shared.inboundsEndedAfter(request), shared.inboundsEndedAfter(request)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await shared.inboundsEndedAfter(request)).toEqual({ items: [], up_to: 1 });
});
