/**
 * The agent's log lines, by level, as VS Code's log channel has them. Pure but for the channel.
 */

/** What is needed of `vscode.LogOutputChannel`. */
export interface Channel {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

const LINE = /^\S+\s+(ERROR|WARN|INFO|DEBUG|TRACE)\s+(.*)$/;

/** The agent's own level decides what it writes; the channel is not to hide any of it. */
export function logLine(channel: Channel, line: string): void {
  const [, level, text] = LINE.exec(line) ?? [];
  if (level === undefined || text === undefined) channel.info(line);
  else if (level === "ERROR") channel.error(text);
  else if (level === "WARN") channel.warn(text);
  else channel.info(text);
}
