/** One row per field of Retell's override type, generated from the facts in test-data/override-fields.json. */
import { describe, expect, test } from 'vitest';
import { FIELD_ROWS, faulty, GROUPS, valids } from '../../test/field-values.ts';
import { checkSettings, fieldsOf, type SettingsGroup } from './check-settings.ts';

function check(group: SettingsGroup, name: string, value: unknown) {
  return checkSettings(group, { [name]: value }, { pointer: '/o', mode: 'override' });
}

/** The place an RFC 6901 pointer leads to must exist. */
function resolves(pointer: string, root: unknown): boolean {
  let at = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

test('E5 the rule set has exactly the 73 overridable fields of the facts', () => {
  expect(FIELD_ROWS).toHaveLength(73);
  for (const group of GROUPS) {
    const overridable = [...fieldsOf(group)].filter(([, field]) => field.overridable).map(([name]) => name);
    const ofFacts = FIELD_ROWS.filter((row) => row.group === group).map(({ name }) => name);
    expect(overridable.toSorted()).toEqual(ofFacts.toSorted());
  }
});

describe.each(FIELD_ROWS)('E5 $group $name', ({ group, name, spec }) => {
  test('takes every value of the facts and hands it on unchanged', () => {
    for (const value of valids(spec, name)) {
      expect(check(group, name, value)).toEqual({ value: { [name]: value }, issues: [] });
    }
  });

  test('names the field, the place and the rule of every fault', () => {
    for (const value of faulty(spec, name)) {
      const { value: kept, issues } = check(group, name, value);
      expect(issues.length, JSON.stringify(value)).toBeGreaterThan(0);
      expect(kept).toEqual({});
      for (const issue of issues) {
        expect(issue).toMatchObject({ severity: 'error', effect: 'refuses' });
        expect(issue.message).toContain(`${group}.${name}`);
        expect(issue.message).not.toContain('Invalid input');
        expect(issue.pointer.startsWith(`/o/${name}`)).toBe(true);
        expect(resolves(issue.pointer, { o: { [name]: value } }), issue.pointer).toBe(true);
      }
    }
  });

  test('takes null only where it clears', () => {
    const { value, issues } = check(group, name, null);
    if (spec.nullable === false) expect(issues).toMatchObject([{ code: 'not_nullable', pointer: `/o/${name}` }]);
    else expect([value, issues]).toEqual([{ [name]: null }, []]);
  });
});
