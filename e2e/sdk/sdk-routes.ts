/** What an SDK's client has and sends, by looking at the client itself. */

/** What every SDK's client is made with. */
export interface SdkOptions {
  readonly apiKey: string;
  readonly baseURL: string;
  readonly fetch: typeof fetch;
}

/** A method of a client's resource; it is called with placeholders. */
export interface SdkMethod {
  /** `resource.method`. */
  readonly name: string;
  call(): Promise<unknown>;
}

/** Every method of every resource. */
export function methodsOf(client: object): readonly SdkMethod[] {
  return Object.entries(client).flatMap(([resource, value]) => {
    const own = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
    if (own === undefined || Object.getPrototypeOf(own)?.constructor.name !== 'APIResource') return [];
    const names = Object.getOwnPropertyNames(own).filter((name) => name !== 'constructor');
    return names.map((name) => ({
      name: `${resource}.${name}`,
      // Where the first is a body, its text is sent; where the second is options, it says nothing.
      call: async () => value[name]('id', { knowledge_base_id: 'id' }),
    }));
  });
}

/** `METHOD /path` of what every method sends, by its name; ids in the path are `id`. */
export async function routesOf(make: (options: SdkOptions) => object): Promise<ReadonlyMap<string, string>> {
  let sent = '';
  const answer: typeof fetch = async (input, init) => {
    sent = `${(init?.method ?? 'GET').toUpperCase()} ${new URL(String(input)).pathname}`;
    return Response.json({});
  };
  const routes = new Map<string, string>();
  for (const method of methodsOf(make({ apiKey: 'key', baseURL: 'http://sdk', fetch: answer }))) {
    await method.call();
    // 4.66 takes the id of a source's base by its place.
    routes.set(method.name, sent.replace('[object%20Object]', 'id'));
  }
  return routes;
}
