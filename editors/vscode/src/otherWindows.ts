/**
 * The person's other windows on this machine: told that there is a new session, by a file that says nothing else. Must not
 * hold a session, nor a secret of any kind.
 */
import { mkdirSync } from "node:fs";
import { type Disposable, type FileSystemWatcher, RelativePattern, Uri, workspace } from "vscode";

const MARK = "signed-in";

export class OtherWindows implements Disposable {
  readonly #mark: Uri;
  readonly #watcher: FileSystemWatcher;

  /** `folder` is the extension's own, the same in all windows; `heard` is called for this window's own news, too. */
  constructor(folder: Uri, heard: () => Promise<void>) {
    this.#mark = Uri.joinPath(folder, MARK);
    // A folder that is not there is not watched.
    mkdirSync(folder.fsPath, { recursive: true });
    this.#watcher = workspace.createFileSystemWatcher(new RelativePattern(folder, MARK), false, false, true);
    const news = (): void => void heard();
    this.#watcher.onDidCreate(news);
    this.#watcher.onDidChange(news);
  }

  /** A new session is in the secret store. */
  async tell(): Promise<void> {
    await workspace.fs.writeFile(this.#mark, Buffer.from(`${new Date().toISOString()}\n`));
  }

  dispose(): void {
    this.#watcher.dispose();
  }
}
