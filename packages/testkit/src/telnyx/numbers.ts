/** Telnyx's numbers on sale, number orders, the numbers of the account, and the connections and profiles they name. */
import { randomUUID } from 'node:crypto';
import type { ApiReply, ApiRequest, ApiRoute } from '../http-api/index.ts';
import { jsonOf, telnyxError, telnyxPage } from './account.ts';

type Resource = Record<string, unknown> & { readonly id: string };

/** A number on sale. */
export interface TelnyxOffer {
  readonly phoneNumber: string;
  /** Default `US`. */
  readonly country?: 'US' | 'CA';
  readonly tollFree?: boolean;
}

/** The part of an account that has to do with numbers; `serve` its routes with the fake's own. */
export interface TelnyxNumbers {
  /** On sale; what is bought disappears from it. */
  readonly offers: TelnyxOffer[];
  readonly orders: Resource[];
  readonly owned: Resource[];
  /** By their paths: `fqdn_connections`, `fqdns`, `ip_connections`, `ips`, `messaging_profiles`. */
  readonly shared: Readonly<Record<SharedKind, Resource[]>>;
  /** How often an order is still `pending` when it is looked at; default 0. */
  pendingLooks: number;
  readonly routes: readonly ApiRoute[];
}

const SHARED = ['fqdn_connections', 'fqdns', 'ip_connections', 'ips', 'messaging_profiles'] as const;
type SharedKind = (typeof SHARED)[number];

/** Numbers of an account, none at first. */
export function createTelnyxNumbers(offers: readonly TelnyxOffer[] = []): TelnyxNumbers {
  const shared = { fqdn_connections: [], fqdns: [], ip_connections: [], ips: [], messaging_profiles: [] };
  const numbers: TelnyxNumbers = {
    offers: [...offers],
    orders: [],
    owned: [],
    shared,
    pendingLooks: 0,
    routes: [
      { method: 'GET', path: /\/v2\/available_phone_numbers/, serve: (request) => onSale(numbers, request) },
      { method: 'POST', path: /\/v2\/number_orders/, serve: (request) => order(numbers, request) },
      { method: 'GET', path: /\/v2\/number_orders/, serve: (request) => listOrders(numbers, request) },
      { method: 'GET', path: /\/v2\/number_orders\/([^/]+)/, serve: (request) => lookAtOrder(numbers, request) },
      { method: 'GET', path: /\/v2\/phone_numbers/, serve: (request) => listOwned(numbers, request) },
      {
        method: 'GET',
        path: /\/v2\/phone_numbers\/([^/]+)/,
        serve: (request) => one(numbers.owned, request, (found) => withNames(numbers, found)),
      },
      { method: 'PATCH', path: /\/v2\/phone_numbers\/([^/]+)(?:\/messaging)?/, serve: patchOf(() => numbers.owned) },
      { method: 'DELETE', path: /\/v2\/phone_numbers\/([^/]+)/, serve: deleteOf(() => numbers.owned) },
      ...SHARED.flatMap((kind) => sharedRoutes(kind, shared[kind])),
    ],
  };
  return numbers;
}

function sharedRoutes(kind: SharedKind, all: Resource[]): readonly ApiRoute[] {
  const path = new RegExp(`/v2/${kind}`);
  const single = new RegExp(`/v2/${kind}/([^/]+)`);
  const create = (request: ApiRequest): ApiReply => {
    const made: Resource = { ...jsonOf(request), id: randomUUID() };
    all.push(made);
    return { status: 201, json: { data: made } };
  };
  const list = (request: ApiRequest): ApiReply => {
    const { query } = request;
    const part = query.get('filter[connection_name][contains]')?.toLowerCase();
    const name = query.get('filter[name][eq]');
    const connection = query.get('filter[connection_id]');
    const found = all.filter(
      (resource) =>
        (part === undefined || String(resource['connection_name']).toLowerCase().includes(part)) &&
        (name === null || resource['name'] === name) &&
        (connection === null || resource['connection_id'] === connection),
    );
    return telnyxPage(request, found);
  };
  return [
    { method: 'POST', path, serve: create },
    { method: 'GET', path, serve: list },
    { method: 'PATCH', path: single, serve: patchOf(() => all) },
    { method: 'DELETE', path: single, serve: deleteOf(() => all) },
  ];
}

function onSale(numbers: TelnyxNumbers, { query }: ApiRequest): ApiReply {
  const areaCode = query.get('filter[national_destination_code]');
  const found = numbers.offers.filter(
    (offer) =>
      (offer.country ?? 'US') === query.get('filter[country_code]') &&
      (offer.tollFree === true) === (query.get('filter[phone_number_type]') === 'toll_free') &&
      (areaCode === null || offer.phoneNumber.slice(2, 5) === areaCode),
  );
  const data = found.map(({ phoneNumber }) => ({
    record_type: 'available_phone_number',
    phone_number: phoneNumber,
    vanity_format: null,
    features: [{ name: 'sms' }, { name: 'voice' }],
    cost_information: { upfront_cost: '1.00000', monthly_cost: '1.00000', currency: 'USD' },
  }));
  const meta = { total_results: data.length, best_effort_results: 0 };
  return { status: 200, json: { data, meta } };
}

function order(numbers: TelnyxNumbers, request: ApiRequest): ApiReply {
  const { phone_numbers, connection_id, messaging_profile_id, customer_reference } = jsonOf(request);
  const [first] = Array.isArray(phone_numbers) ? (phone_numbers as readonly { readonly phone_number?: string }[]) : [];
  const at = numbers.offers.findIndex((offer) => offer.phoneNumber === first?.phone_number);
  if (at < 0) {
    return telnyxError(400, '10015', 'Bad Request', `${first?.phone_number ?? 'none'} is not available to be ordered.`);
  }
  const known = [...numbers.shared.fqdn_connections, ...numbers.shared.ip_connections];
  if (!known.some(({ id }) => id === connection_id)) {
    return telnyxError(422, '10017', 'Associated resource does not exist', 'connection_id is unknown.');
  }
  const [offer] = numbers.offers.splice(at, 1);
  const phone_number = offer!.phoneNumber;
  const placed: Resource = {
    id: randomUUID(),
    record_type: 'number_order',
    phone_numbers_count: 1,
    phone_numbers: [{ id: randomUUID(), record_type: 'number_order_phone_number', phone_number, status: 'pending' }],
    connection_id,
    messaging_profile_id,
    customer_reference,
    status: numbers.pendingLooks > 0 ? 'pending' : 'success',
    looks: 0,
  };
  numbers.orders.push(placed);
  numbers.owned.push({
    id: randomUUID(),
    record_type: 'phone_number',
    phone_number,
    status: 'active',
    connection_id,
    messaging_profile_id,
    customer_reference,
  });
  return { status: 200, json: { data: placed } };
}

function lookAtOrder(numbers: TelnyxNumbers, request: ApiRequest): ApiReply {
  return one(numbers.orders, request, (found) => {
    found['looks'] = Number(found['looks']) + 1;
    if (Number(found['looks']) > numbers.pendingLooks) found['status'] = 'success';
    return found;
  });
}

function listOrders(numbers: TelnyxNumbers, request: ApiRequest): ApiReply {
  const reference = request.query.get('filter[customer_reference]');
  return telnyxPage(
    request,
    numbers.orders.filter((found) => reference === null || found['customer_reference'] === reference),
  );
}

function listOwned(numbers: TelnyxNumbers, request: ApiRequest): ApiReply {
  const digits = request.query.get('filter[phone_number]') ?? '';
  // With anything but digits nothing is found.
  const found = /^\d*$/.test(digits)
    ? numbers.owned.filter((number) => String(number['phone_number']).includes(digits))
    : [];
  return telnyxPage(request, found);
}

function withNames({ shared }: TelnyxNumbers, number: Resource): Resource {
  const connections = [...shared.fqdn_connections, ...shared.ip_connections];
  const connection = connections.find(({ id }) => id === number['connection_id']);
  const profile = shared.messaging_profiles.find(({ id }) => id === number['messaging_profile_id']);
  return {
    ...number,
    connection_name: connection?.['connection_name'] ?? null,
    messaging_profile_name: profile?.['name'] ?? null,
  };
}

function one(all: readonly Resource[], request: ApiRequest, show: (found: Resource) => Resource): ApiReply {
  const found = all.find(({ id }) => id === request.params[0]);
  if (found === undefined) return telnyxError(404, '10005', 'Resource not found');
  return { status: 200, json: { data: show(found) } };
}

function patchOf(all: () => readonly Resource[]): ApiRoute['serve'] {
  return (request) => one(all(), request, (found) => Object.assign(found, jsonOf(request)));
}

function deleteOf(all: () => Resource[]): ApiRoute['serve'] {
  return (request) => {
    const at = all().findIndex(({ id }) => id === request.params[0]);
    if (at < 0) return telnyxError(404, '10005', 'Resource not found');
    const [gone] = all().splice(at, 1);
    return { status: 200, json: { data: gone } };
  };
}
