/**
 * JSON Schemas of what the SDKs' methods resolve to, read from their own .d.ts by the TypeScript compiler: a response
 * is judged by the types its users compile against, not by a copy of them. The compiler calls this API unstable; the
 * repository pins its version.
 */
import { fileURLToPath } from 'node:url';
import { API, type Checker, type Project, type Type, TypeFlags } from 'typescript/unstable/sync';

/** The subset of JSON Schema that types are written in. */
export type Schema =
  | { readonly $ref: string }
  | { readonly anyOf: readonly Schema[] }
  | { readonly enum: readonly (string | number | boolean | null)[] }
  | { readonly type: 'string' | 'number' | 'boolean' | 'nothing' }
  | { readonly type: 'array'; readonly items: Schema }
  | {
      readonly type: 'object';
      readonly properties: Readonly<Record<string, Schema>>;
      readonly required: readonly string[];
      readonly additionalProperties?: Schema;
    }
  | Readonly<Record<string, never>>;

/** Schemas by name, that `$ref` leads to. */
export type Definitions = Readonly<Record<string, Schema>>;

export interface SdkSchemas {
  /** Every method of the client's resources, `resource.method`. */
  readonly methods: readonly string[];
  /** What the method's promise resolves to; `{ type: 'nothing' }` for void. */
  responseOf(method: string): { readonly schema: Schema; readonly definitions: Definitions };
  /** The parameters the method takes as `…Params`: its body or its query. */
  paramsOf(method: string): { readonly schema: Schema; readonly definitions: Definitions };
  close(): void;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const CONFIG = `${FOLDER}virtual/tsconfig.json`;
const FILE = `${FOLDER}virtual/client.ts`;
const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  module: 'nodenext',
  target: 'es2024',
  types: ['node'],
};

/** Reads the types of an installed SDK by its package name. The files it compiles exist in memory only. */
export function readSdkTypes(packageName: string): SdkSchemas {
  const files: Readonly<Record<string, string>> = {
    [CONFIG]: JSON.stringify({ compilerOptions: { ...OPTIONS, skipLibCheck: true }, files: ['client.ts'] }),
    [FILE]: `import type { Retell } from '${packageName}';\nexport declare const client: Retell;\n`,
  };
  const api = new API({ cwd: FOLDER, fs: { readFile: (name) => files[name] } });
  const project = api.updateSnapshot({ openProjects: [CONFIG] }).getProjects()[0];
  if (project === undefined) throw new Error('the compiler opened no project');
  const { checker } = project;
  const methods = methodTypes(project);
  const writer = schemaWriter(checker);
  const written = (method: string, part: keyof MethodTypes) => {
    const type = methods.get(method)?.[part];
    if (type === undefined) throw new Error(`${packageName} has no ${part} of ${method}`);
    return { schema: writer.write(type), definitions: writer.definitions };
  };
  return {
    methods: [...methods.keys()],
    responseOf: (method) => written(method, 'response'),
    paramsOf: (method) => written(method, 'params'),
    close: () => api.close(),
  };
}

interface MethodTypes {
  /** T of the APIPromise<T> it returns. */
  readonly response: Type;
  readonly params?: Type;
}

function methodTypes({ checker, program }: Project): ReadonlyMap<string, MethodTypes> {
  const file = program.getSourceFile(FILE);
  const module = file && checker.getSymbolAtLocation(file);
  const client = module && checker.getExportsOfModule(module)[0];
  if (client === undefined) throw new Error('the client was not found');
  const found = new Map<string, MethodTypes>();
  for (const resource of propertiesOf(checker, checker.getTypeOfSymbol(client)!)) {
    if (resource.type.getSymbol() === undefined || !isResource(checker, resource.type)) continue;
    for (const method of propertiesOf(checker, resource.type)) {
      // The last overload is the one that takes everything.
      const signature = checker.getSignaturesOfType(method.type, 0).at(-1);
      const promise = signature && checker.getReturnTypeOfSignature(signature);
      if (promise?.getSymbol()?.name !== 'APIPromise' || !promise.isObjectType()) continue;
      const [response] = checker.getTypeArguments(promise as Parameters<Checker['getTypeArguments']>[0]);
      const params = [0, 1]
        .map((at) => checker.getParameterType(signature!, at))
        .map((type) => type && checker.getNonNullableType(type))
        .find((type) => type?.getSymbol()?.name.endsWith('Params'));
      if (response !== undefined) found.set(`${resource.name}.${method.name}`, { response, ...(params && { params }) });
    }
  }
  return found;
}

function isResource(checker: Checker, type: Type): boolean {
  if (!type.isClassOrInterface()) return false;
  return checker.getBaseTypes(type).some((base) => base.getSymbol()?.name === 'APIResource');
}

function propertiesOf(checker: Checker, type: Type) {
  return checker.getPropertiesOfType(type).flatMap((symbol) => {
    const own = checker.getTypeOfSymbol(symbol);
    return own === undefined ? [] : [{ name: symbol.name, type: own, symbol }];
  });
}

/** `SymbolFlags.Optional`, which the compiler's package exports as a type only where enums are inlined. */
const OPTIONAL = 16_777_216;

function schemaWriter(checker: Checker) {
  const definitions: Record<string, Schema> = {};
  return { definitions, write };

  function write(type: Type): Schema {
    const { flags } = type;
    if (flags & (TypeFlags.Any | TypeFlags.Unknown)) return {};
    if (flags & (TypeFlags.Void | TypeFlags.Undefined)) return { type: 'nothing' };
    if (flags & TypeFlags.Null) return { enum: [null] };
    if (flags & TypeFlags.Boolean) return { type: 'boolean' };
    if (flags & TypeFlags.String) return { type: 'string' };
    if (flags & TypeFlags.Number) return { type: 'number' };
    if (type.isLiteralType() && typeof type.value !== 'bigint') return { enum: [type.value] };
    if (type.isUnionType()) return writeUnion(type.getTypes().map(write));
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as Parameters<Checker['getTypeArguments']>[0]);
      return { type: 'array', items: write(item!) };
    }
    if (type.isObjectType() || type.isIntersectionType()) return define(type);
    throw new Error(`no schema for ${checker.typeToString(type)}`);
  }

  function define(type: Type): Schema {
    const name = `${checker.typeToString(type).slice(0, 60)}#${type.id}`;
    if (definitions[name] === undefined) {
      definitions[name] = {};
      definitions[name] = writeObject(type);
    }
    return { $ref: name };
  }

  function writeObject(type: Type): Schema {
    const properties = propertiesOf(checker, type);
    const index = checker.getIndexInfosOfType(type)[0];
    return {
      type: 'object',
      properties: Object.fromEntries(properties.map((property) => [property.name, write(property.type)])),
      required: properties.filter(({ symbol }) => (symbol.flags & OPTIONAL) === 0).map(({ name }) => name),
      ...(index && { additionalProperties: write(index.valueType) }),
    };
  }
}

/** Literals side by side are one enum. A member that may be absent is so by not being required: JSON has no undefined. */
function writeUnion(members: readonly Schema[]): Schema {
  const literals = members.flatMap((member) => ('enum' in member ? (member.enum ?? []) : []));
  const others = members.filter((member) => !('enum' in member) && !('type' in member && member.type === 'nothing'));
  const all: Schema[] = [...(literals.length > 0 ? [{ enum: literals }] : []), ...others];
  return all.length === 1 ? all[0]! : { anyOf: all };
}
