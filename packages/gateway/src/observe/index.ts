export { createLog, LOG_LEVELS, type Log, type LogFields, type LogLevel, type LogOptions, silentLog } from './log.ts';
