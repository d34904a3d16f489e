/**
 * Conformance: every method of the SDK's core on a running gateway. A response is held to the SDK's types twice: the
 * rows compile against them, and what came over the wire is judged by the schemas read from them.
 */
import { APIError } from 'retell-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CORE_ROWS } from './core-rows.ts';
import { mismatches } from './mismatches.ts';
import { REFUSED } from './refusals.ts';
import { readSdkTypes, type SdkSchemas } from './response-schemas.ts';
import { CORE, type CoreMethod } from './sdk-methods.ts';
import { type SdkStage, startSdkStage } from './sdk-stage.ts';

let stage: SdkStage;
let sdk: SdkSchemas;
const covered: CoreMethod[] = [];
const uncovered = new Map<CoreMethod, string>();

beforeAll(async () => {
  sdk = readSdkTypes('retell-sdk');
  stage = await startSdkStage();
}, 90_000);
afterAll(async () => {
  sdk?.close();
  await stage?.close();
  const total = Object.keys(CORE).length;
  const lines = [...uncovered].map(([method, why]) => `  ${method}: ${why}`);
  console.log([`SDK core of retell-sdk 5.66.1: covered ${covered.length} / total ${total}`, ...lines].join('\n'));
});

/** The row's own failure of the SDK, if that is how it ended. */
async function run(method: CoreMethod): Promise<APIError | undefined> {
  try {
    await CORE_ROWS[method](stage);
    return undefined;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
}

test.each(Object.keys(CORE) as CoreMethod[])('%s', async (method) => {
  const failure = await run(method);
  const last = stage.exchanges.at(-1)!;
  const refusal = REFUSED[method];
  if (refusal !== undefined) {
    uncovered.set(method, `refused: ${refusal.why}`);
    expect(last).toMatchObject({ status: refusal.status, body: { status: 'error', message: expect.any(String) } });
    expect(failure?.message).toMatch(refusal.message);
    return;
  }
  uncovered.set(method, 'failed');
  expect(failure, `${last.method} ${last.path}: ${JSON.stringify(last.body)}`).toBeUndefined();
  expect(last.status).toBe(CORE[method]);
  const { schema, definitions } = sdk.responseOf(method);
  expect(mismatches(schema, last.body, definitions)).toEqual([]);
  uncovered.delete(method);
  covered.push(method);
});
