import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { CommandFault } from './command.ts';
import { explainStart } from './start-gateway.ts';

test('a port that is taken is explained, a bug is left as it is', async () => {
  const first = createServer();
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
  const second = createServer();
  const error = await new Promise<unknown>((resolve) =>
    second.once('error', resolve).listen((first.address() as AddressInfo).port, '127.0.0.1'),
  );
  const explained = explainStart(error);
  expect(explained).toBeInstanceOf(CommandFault);
  expect((explained as Error).message).toMatch(/^127\.0\.0\.1:\d+ is taken; .*PICKUP_HTTP_PORT/);
  expect(explainStart(new Error('the data folder is in use'))).toBeInstanceOf(CommandFault);
  const bug = new TypeError('x is undefined');
  expect(explainStart(bug)).toBe(bug);
  await new Promise((resolve) => first.close(resolve));
});
