/** An endpoint that lets its callers wait until the test says so. */
import type { EndpointAnswer } from '@pickup/testkit/endpoint';

export interface HeldAnswer {
  /** A handler for the fake endpoint: `{}` once released, also for what was asked before. */
  readonly answer: () => Promise<EndpointAnswer>;
  /** May be called again. */
  readonly release: () => void;
}

export function holdAnswer(): HeldAnswer {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const answer = async (): Promise<EndpointAnswer> => {
    await released;
    return { body: '{}' };
  };
  return { answer, release };
}
