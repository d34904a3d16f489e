export { CommandFault, type CommandModule, type Context, type ExitCode } from './command.ts';
export { COMMANDS, run } from './run.ts';
export { PLAIN, type Style, styleFor } from './style.ts';
export { formatEntry, isOver, type TimelineCall, type TimelineEntry, timelineOf } from './timeline.ts';
