/**
 * Where the agent's binary is: the setting, or the one inside the extension. Pure.
 */
import { posix, win32 } from "node:path";

export interface Place {
  extensionPath: string;
  /** The setting `codestream.agentPath`. */
  agentPath?: string | undefined;
  platform: string;
  arch: string;
  home: string;
  exists: (path: string) => boolean;
}

/** A binary that cannot be used. The message says what to do. */
export class NoBinary extends Error {
  override readonly name = "NoBinary";
}

/** The bundled binary's path below the extension, as `npm run package` puts it. */
export function bundled(platform: string, arch: string): string[] {
  return ["bin", `${platform}-${arch}`, platform === "win32" ? "codestream-agent.exe" : "codestream-agent"];
}

/** The binary to start. */
export function locate(place: Place): string {
  const paths = place.platform === "win32" ? win32 : posix;
  if (place.agentPath) {
    const path = place.agentPath.replace(/^~(?=$|[/\\])/, () => place.home);
    if (!paths.isAbsolute(path)) {
      throw new NoBinary("The setting codestream.agentPath must be an absolute path.");
    }
    if (!place.exists(path)) {
      throw new NoBinary(`There is no agent at ${path}. Correct or clear the setting codestream.agentPath.`);
    }
    return path;
  }
  const path = paths.join(place.extensionPath, ...bundled(place.platform, place.arch));
  if (!place.exists(path)) {
    throw new NoBinary(
      `This extension has no agent for ${place.platform}-${place.arch}. Build one and name it in the setting codestream.agentPath.`,
    );
  }
  return path;
}
