/** The configuration commands; point reads run on the main thread, in microseconds. */
import type { Database } from 'better-sqlite3';
import type {
  AgentVersionRow,
  ConfigCommands,
  Deletion,
  KnowledgeCommands,
  NumberRow,
  ResolveResult,
} from '../port.ts';
import { findVersion, type ResolveRequest, resolveTarget } from '../resolve-target.ts';
import type { Cell } from './cells.ts';
import { ConfigCache } from './config-cache.ts';
import { createKnowledge } from './knowledge.ts';
import { numberKey } from './number-key.ts';
import { type ConfigRows, readConfig } from './read-config.ts';
import type { Reader } from './reader.ts';
import { engineCells } from './write-engines.ts';
import type { Writer } from './writer.ts';

/** What configuration commands need of the writer. */
type Commands = Pick<Writer, 'send'>;

/** Writes through the writer, single rows from `db`, lists from the reader. `exclusive`: nobody else writes. */
export function createConfig(
  writer: Writer,
  db: Database,
  reader: Reader,
  options: { readonly exclusive: boolean },
): ConfigCommands & KnowledgeCommands {
  const rows = readConfig(db);
  const resolve = db.transaction((request: ResolveRequest) => resolveTarget(rows, request));
  if (!options.exclusive) {
    return { ...configOn(writer, { db, rows, reader, resolve }), ...createKnowledge(writer, db, reader) };
  }
  const cache = new ConfigCache();
  const changing: Commands = { send: (command, cells) => cache.around(writer.send(command, cells)) };
  return {
    ...createKnowledge(writer, db, reader, changing),
    ...configOn(changing, {
      db,
      reader,
      rows: { ...rows, number: (phoneNumber) => cache.number(phoneNumber, () => rows.number(phoneNumber)) },
      resolve(request) {
        if (request.engine_override || request.knowledge_base_ids) return resolve(request);
        const { agent_id, reference } = request;
        return cache.target(`${typeof reference} ${reference} ${agent_id}`, () => resolve(request));
      },
    }),
  };
}

interface Reads {
  readonly db: Database;
  readonly rows: ConfigRows;
  readonly reader: Reader;
  readonly resolve: (request: ResolveRequest) => ResolveResult;
}

function configOn(writer: Commands, { db, rows, reader, resolve }: Reads): ConfigCommands {
  return {
    ...createNumbers(writer, rows, reader),
    ...createAgents(writer, db, rows, reader),
    ...createEngines(writer, rows, reader),
    async putKnowledgeBase(id, name) {
      await writer.send('putKnowledgeBase', [id, name]);
    },
    knowledgeBasesExist: async (ids) => new Set(ids.filter((id) => rows.hasKnowledgeBase(id))),
    resolveTarget: async (request) => resolve(request),
  };
}

type NumberCommands = Pick<
  ConfigCommands,
  'getNumber' | 'putNumber' | 'deleteNumber' | 'listNumbers' | 'listGuardedNumbers'
>;

function createNumbers(writer: Commands, rows: ConfigRows, reader: Reader): NumberCommands {
  return {
    getNumber: async (phoneNumber) => rows.number(phoneNumber),
    async putNumber(row: NumberRow, mode) {
      const { phone_number } = row.settings;
      const cells = [numberKey(phone_number), phone_number, JSON.stringify(row.settings)];
      const command = mode === 'create' ? 'createNumber' : 'replaceNumber';
      const sealed = [row.sealed_auth_password ?? null, row.sealed_sip_inbound_password ?? null];
      return (await writer.send(command, [...cells, ...sealed])) === 1;
    },
    async deleteNumber(phoneNumber) {
      return (await writer.send('deleteNumber', [numberKey(phoneNumber), phoneNumber])) === 1;
    },
    listNumbers: (request) => reader.ask('numbers', request),
    listGuardedNumbers: (request) => reader.ask('guardedNumbers', request),
  };
}

type AgentCommands = Omit<
  ConfigCommands,
  keyof NumberCommands | keyof EngineCommands | 'putKnowledgeBase' | 'knowledgeBasesExist' | 'resolveTarget'
>;

function createAgents(writer: Commands, db: Database, rows: ConfigRows, reader: Reader): AgentCommands {
  const find = db.transaction((agentId: string, reference: number | string) => findVersion(rows, agentId, reference));
  return {
    createAgent: async (row) => (await writer.send('createAgent', versionCells(row))) === 1,
    getAgent: async (agentId, reference = 'latest') => find(agentId, reference)?.row,
    async updateAgent({ last_modification_timestamp, settings, agent_id, version }) {
      const cells = [last_modification_timestamp, JSON.stringify(settings), agent_id, version];
      return (await writer.send('updateAgent', cells)) as 'updated' | 'published' | 'unknown';
    },
    async publishAgent(agentId, version, now) {
      return (await writer.send('publishAgent', [agentId, version, now])) as 'published' | 'already' | 'unknown';
    },
    async createAgentVersion(agentId, baseVersion, now) {
      const version = (await writer.send('createAgentVersion', [agentId, baseVersion, now])) as number | null;
      return version === null ? undefined : find(agentId, version)?.row;
    },
    deleteAgent: async (agentId) => toDeletion(await writer.send('deleteAgent', [agentId])),
    async deleteAgentVersion(agentId, version) {
      const result = await writer.send('deleteAgentVersion', [agentId, version]);
      return result === 'only' ? 'only' : toDeletion(result);
    },
    listAgents: (request) => reader.ask('agents', request),
    listAgentVersions: (agentId, request) => reader.ask('versions', { ...request, agent_id: agentId }),
    async assignTag({ agent_id, tag, version, dynamic_variables, assigned_timestamp }) {
      const cells = [agent_id, tag, version, JSON.stringify(dynamic_variables), assigned_timestamp];
      return (await writer.send('assignTag', cells)) === 1;
    },
  };
}

function versionCells(row: AgentVersionRow): Cell[] {
  return [
    row.agent_id,
    row.version,
    row.channel,
    row.base_version,
    row.is_published ? 1 : 0,
    row.published_timestamp ?? null,
    row.last_modification_timestamp,
    JSON.stringify(row.settings),
    row.published_engine_version ?? null,
  ];
}

type EngineCommands = Pick<
  ConfigCommands,
  'createEngine' | 'getEngine' | 'updateEngine' | 'deleteEngine' | 'listEngines'
>;

function createEngines(writer: Commands, rows: ConfigRows, reader: Reader): EngineCommands {
  return {
    createEngine: async (row) => (await writer.send('createEngine', engineCells(row))) === 1,
    getEngine: async (kind, id, version) => rows.engine(kind, id, version),
    async updateEngine({ kind, id, version, is_published, last_modification_timestamp, settings }) {
      const cells = [is_published ? 1 : 0, last_modification_timestamp, JSON.stringify(settings), kind, id, version];
      return (await writer.send('updateEngine', cells)) as 'updated' | 'published' | 'unknown';
    },
    async deleteEngine(kind, id, force) {
      return toDeletion(await writer.send('deleteEngine', [kind, id, force ? 1 : 0]));
    },
    listEngines: (kind, request) => reader.ask('engines', { ...request, kind }),
  };
}

/** From what the writer answered: how many went, or those in the way as JSON. */
function toDeletion(result: Cell): Deletion {
  if (typeof result === 'string') return { used_by: JSON.parse(result) as string[] };
  return result === 1 ? 'deleted' : 'unknown';
}
