/** docs/mistakes.md: written from what was really said. `PICKUP_WRITE_DOCS=1` lets the test write it. */
import type { MistakeGroup } from './mistake.ts';

const HEAD = `# Mistakes, and what you are told

Each of these mistakes is made for real by a test (\`e2e/mistakes.test.ts\`): an endpoint on a socket makes it, a gateway
calls, and this page is compared with what is said. The sentence is the first of what \`pickup call\` says at the end and
of what \`pickup inbounds show\` prints, and \`explanation\` of the record over REST: what became of the call, the mistake,
and what to do. Where the number has an agent of its own, a broken webhook does not lose the caller.

\`agent_own\` is the number's own agent, \`your-host\` the endpoint's.
`;

/** The whole page; \`lines\` by title. */
export function renderMistakesPage(groups: readonly MistakeGroup[], lines: ReadonlyMap<string, string>): string {
  let number = 0;
  const sections = groups.map(({ title, mistakes }) => {
    const items = mistakes.map((mistake) => {
      number += 1;
      return `${number}. ${mistake.title}\n\n   > ${lines.get(mistake.title) ?? '(nothing)'}\n`;
    });
    return `## ${title}\n\n${items.join('\n')}`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}
