import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { Job, NewJob, Store } from '../port.ts';
import { byTurns, NOW } from './samples.ts';

const job = (name: string, over: Partial<NewJob> = {}): NewJob => ({ task: 'work', payload: { name }, ...over });
const take = (store: Store, node = 'node-1', now = NOW, limit = 10) =>
  store.takeJobs({ node_id: node, now, limit, lease_ms: 1_000 });
const names = (jobs: readonly Job[]) => jobs.map(({ payload }) => payload['name']);

/** S8 to S10. */
export function jobCases(stores: () => TwoConnections): void {
  test('S8 takers from two connections get each job once, the longest due first', async () => {
    const { a, b } = stores();
    for (let nth = 0; nth < 30; nth++) await a.addJob(job(String(nth), { run_at: NOW - nth }), NOW);
    expect(names(await take(b, 'node-1', NOW, 1))).toEqual(['29']);
    const taken = (
      await byTurns<Store, readonly Job[]>(a, b, 12, (store, nth) => take(store, `node-${nth}`, NOW, 5))
    ).flat();
    expect(taken).toHaveLength(29);
    expect(new Set(names(taken)).size).toBe(29);
  });

  test('S8 the id of a job that was done is never another’s', async () => {
    const { a, b } = stores();
    await a.addJob(job('1'), NOW);
    const [first] = await take(b);
    // In one commit: whoever does jobs may hear of the next before the end of the first.
    const ended = b.completeJob(first!.job_id, 'node-1');
    const added = b.addJob(job('2'), NOW);
    const [second] = await take(b);
    await Promise.all([ended, added]);
    expect(second?.job_id).not.toBe(first!.job_id);
  });

  test('S8 of one queue one at a time, in order; other queues go on', async () => {
    const { a, b } = stores();
    for (const name of ['1', '2']) await a.addJob(job(name, { queue: 'q' }), NOW);
    await b.addJob(job('other', { queue: 'r' }), NOW);
    const first = await take(b);
    expect(names(first)).toEqual(['1', 'other']);
    expect(await take(a, 'node-2')).toEqual([]);
    await a.completeJob(first[0]!.job_id, 'node-1');
    expect(names(await take(b, 'node-2'))).toEqual(['2']);
  });

  test('not before it is due; nextJobAt says when, without those whose queue is busy', async () => {
    const { a, b } = stores();
    expect(await b.nextJobAt()).toBeUndefined();
    await a.addJob(job('later', { run_at: NOW + 50, queue: 'q' }), NOW);
    expect(await b.nextJobAt()).toBe(NOW + 50);
    expect(await take(b)).toEqual([]);
    await a.addJob(job('now', { queue: 'q' }), NOW);
    expect(names(await take(b))).toEqual(['now']);
    expect(await a.nextJobAt()).toBe(NOW + 1_000);
  });

  test('a failed job is tried again when it is said, until its attempts are used up; then it is there to be seen', async () => {
    const { a, b } = stores();
    await a.addJob(job('x', { max_attempts: 2 }), NOW);
    for (const attempts of [1, 2]) {
      const [taken] = await take(b, 'node-1', NOW + attempts);
      expect(taken).toMatchObject({ attempts, max_attempts: 2 });
      await a.failJob(taken!.job_id, 'node-1', { error: `broke ${attempts}`, retry_at: NOW + attempts + 1 });
    }
    expect(await take(a, 'node-1', NOW + 9)).toEqual([]);
    expect(await b.nextJobAt()).toBeUndefined();
    expect(await a.deadJobs(5)).toMatchObject([{ payload: { name: 'x' }, last_error: 'broke 2' }]);
  });

  test('S9 a lapsed lease gives the job back; whoever lost it can neither complete, fail nor renew it', async () => {
    const { a, b } = stores();
    await a.addJob(job('x'), NOW);
    const [lost] = await take(a, 'node-1');
    expect(await a.renewLeases([lost!.job_id], 'node-1', NOW + 2_000)).toEqual([lost!.job_id]);
    expect(await take(b, 'node-2', NOW + 1_500)).toEqual([]);
    const [again] = await take(b, 'node-2', NOW + 2_001);
    expect(again).toMatchObject({ payload: { name: 'x' }, attempts: 2 });
    await a.completeJob(lost!.job_id, 'node-1');
    await a.failJob(lost!.job_id, 'node-1', { error: 'late', retry_at: NOW });
    expect(await a.renewLeases([lost!.job_id], 'node-1', NOW + 9_000)).toEqual([]);
    expect(await take(a, 'node-3', NOW + 2_500)).toEqual([]);
    await b.completeJob(again!.job_id, 'node-2');
    expect(await a.nextJobAt()).toBeUndefined();
  });

  test('S9 S10 one in whose place another stands is gone once its lease lapses, or its node starts again', async () => {
    const { a, b } = stores();
    for (const [key, end] of Object.entries({
      lapse: () => take(b, 'node-2', NOW + 5_000),
      start: () => a.releaseJobsOf('node-1').then(() => take(b, 'node-2', NOW + 500)),
    })) {
      await a.addJob(job('1', { job_key: key }), NOW);
      await take(a);
      await b.addJob(job('2', { job_key: key }), NOW);
      const [second] = await take(b, 'node-2');
      expect(second).toMatchObject({ payload: { name: '2' } });
      await b.completeJob(second!.job_id, 'node-2');
      expect(await end()).toEqual([]);
      expect([await a.nextJobAt(), await a.deadJobs(5)]).toEqual([undefined, []]);
    }
  });

  test('S9 a node that starts again gives back what it had', async () => {
    const { a, b } = stores();
    for (const name of ['1', '2']) await a.addJob(job(name, { queue: name }), NOW);
    await take(a, 'node-1', NOW, 1);
    await take(a, 'node-2', NOW, 1);
    await b.releaseJobsOf('node-1');
    expect(names(await take(b, 'node-3'))).toEqual(['1']);
  });

  test('S10 under the key of one that waits it takes its place', async () => {
    const { a, b } = stores();
    await a.addJob(job('old', { job_key: 'k', run_at: NOW + 60_000 }), NOW);
    await b.addJob(job('new', { job_key: 'k' }), NOW);
    expect(names(await take(a))).toEqual(['new']);
    expect(await take(a, 'node-1', NOW + 70_000, 5)).toHaveLength(1);
    await a.addJob(job('soon', { job_key: 'l' }), NOW);
    await b.addJob(job('put off', { job_key: 'l', run_at: NOW + 60_000, job_key_mode: 'preserve_run_at' }), NOW);
    expect(names(await take(a, 'node-2'))).toEqual(['put off']);
  });

  test('S10 under the key of one that is taken it comes after it, and that one is not tried again', async () => {
    const { a, b } = stores();
    await a.addJob(job('first', { job_key: 'k', queue: 'q' }), NOW);
    const [running] = await take(a);
    await Promise.all([
      b.addJob(job('second', { job_key: 'k', queue: 'q' }), NOW),
      a.addJob(job('second', { job_key: 'k', queue: 'q' }), NOW),
    ]);
    expect(await take(b, 'node-2')).toEqual([]);
    await a.failJob(running!.job_id, 'node-1', { error: 'broke', retry_at: NOW });
    const second = await take(b, 'node-2');
    expect(names(second)).toEqual(['second']);
    await b.completeJob(second[0]!.job_id, 'node-2');
    expect(await a.nextJobAt()).toBeUndefined();
    expect(await a.deadJobs(5)).toEqual([]);
  });
}
